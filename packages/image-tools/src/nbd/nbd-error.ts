import type { VirtSimilarityError } from '@virt-similarity/core';
import { type ErrorContext, readError } from '../reading/read-error.js';
import { ERROR_NAMES } from './protocol.js';

/** Creates the error for a server that breaks the protocol. */
export function protocolError(errorContext: ErrorContext, found: string): VirtSimilarityError {
  return readError(errorContext, 'unavailable', `the NBD server broke the protocol: ${found}; update the server`);
}

/**
 * Creates the error for a request that the server answered with an error number. `detail` is the server's message;
 * empty if it sent none.
 */
export function requestError(
  errorContext: ErrorContext,
  errorNumber: number,
  position: number,
  detail: string,
): VirtSimilarityError {
  const name = ERROR_NAMES.get(errorNumber) ?? `error ${errorNumber}`;
  const message = detail === '' ? '' : ` (${detail.replace(/\s+/g, ' ').trim()})`;
  return readError(
    errorContext,
    'unreadable',
    `${name} at byte ${position}${message}; check the image and the storage that it is on`,
  );
}
