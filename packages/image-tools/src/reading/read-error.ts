import { type ErrorCode, VirtSimilarityError, type Wording, wording } from '@virt-similarity/core';

/** Who speaks in errors about reading, and about which image. */
export interface Speaker {
  /** Name of the reader, such as `qemu`. */
  readonly component: string;
  /** The image, as the user named it. */
  readonly image: string;
}

/** The error for an image that cannot be read. `reason` says what was found and, after a semicolon, the remedy. */
export function readError(
  { component, image }: Speaker,
  code: ErrorCode,
  reason: Wording,
  cause?: unknown,
): VirtSimilarityError {
  return new VirtSimilarityError(code, wording`[${component}] cannot read ${image}: ${reason}`, { image, cause });
}
