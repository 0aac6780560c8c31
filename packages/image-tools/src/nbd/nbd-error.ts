import type { VirtSimilarityError } from '@virt-similarity/core';
import { readError, type Speaker } from '../reading/read-error.js';
import { ERROR_NAMES } from './protocol.js';

/** The error for a server that does not keep to the protocol. */
export function protocolError(speaker: Speaker, found: string): VirtSimilarityError {
  return readError(speaker, 'unavailable', `the NBD server broke the protocol: ${found}; update it`);
}

/** The error for a request that the server answered with an error number; `detail` is what else it said, if anything. */
export function requestError(
  speaker: Speaker,
  errorNumber: number,
  position: number,
  detail: string,
): VirtSimilarityError {
  const name = ERROR_NAMES.get(errorNumber) ?? `error ${errorNumber}`;
  const said = detail === '' ? '' : ` (${detail.replace(/\s+/g, ' ').trim()})`;
  return readError(
    speaker,
    'unreadable',
    `${name} at byte ${position}${said}; check the image and the storage that it is on`,
  );
}
