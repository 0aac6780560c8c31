import { type ErrorCode, VirtSimilarityError, type Wording, wording } from '@virt-similarity/core';

/** The component and the image that an error about reading names. */
export interface ErrorContext {
  /** Name of the reader, such as `qemu`. */
  readonly component: string;
  /** The image, as the user named it. */
  readonly image: string;
}

/** Creates the error for an image that cannot be read. `reason` is the finding and, after a semicolon, the remedy. */
export function readError(
  { component, image }: ErrorContext,
  code: ErrorCode,
  reason: Wording,
  cause?: unknown,
): VirtSimilarityError {
  return new VirtSimilarityError(code, wording`[${component}] cannot read ${image}: ${reason}`, { image, cause });
}
