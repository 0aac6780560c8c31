import { type ErrorCode, VirtSimilarityError } from '@virt-similarity/core';
import { ERROR_NAMES } from './protocol.js';

/** Who speaks in the errors of a connection, and about which image. */
export interface NbdSpeaker {
  /** Name of the reader, such as `qemu`. */
  readonly component: string;
  /** The image that the server serves, as the user named it. */
  readonly image: string;
}

/** An error of a connection as a whole: what happened, and the remedy. */
export function connectionError(
  { component, image }: NbdSpeaker,
  code: ErrorCode,
  happened: string,
  cause?: unknown,
): VirtSimilarityError {
  return new VirtSimilarityError(code, `[${component}] cannot read ${image}: ${happened}`, { image, cause });
}

/** The error for a server that does not keep to the protocol. */
export function protocolError(speaker: NbdSpeaker, found: string): VirtSimilarityError {
  return connectionError(speaker, 'unavailable', `the NBD server broke the protocol: ${found}; update it`);
}

/** The error for a request that the server answered with an error number; `detail` is what else it said, if anything. */
export function requestError(
  speaker: NbdSpeaker,
  errorNumber: number,
  position: number,
  detail: string,
): VirtSimilarityError {
  const name = ERROR_NAMES.get(errorNumber) ?? `error ${errorNumber}`;
  const said = detail === '' ? '' : ` (${detail.replace(/\s+/g, ' ').trim()})`;
  return connectionError(
    speaker,
    'unreadable',
    `${name} at byte ${position}${said}; check the image and the storage that it is on`,
  );
}
