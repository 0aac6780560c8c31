import { classifyFailure, systemReasonOf, VirtSimilarityError, type Wording, wording } from '../errors.js';

/** The system's word for what went wrong, such as `ENOENT`; nothing if it was not the system. */
export function systemCode(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('syscall' in thrown) || !('code' in thrown)) {
    return undefined;
  }
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

/**
 * The error to throw on for something that was thrown while a file was used: our own errors as they are, the rest as
 * `unreadable`, or `unavailable` where space or descriptors ran out.
 *
 * @param action such as `cannot write tree.nwk`
 * @param remedy unless space or descriptors ran out, which has remedies of its own
 */
export function fileError(thrown: unknown, action: string, path: string, remedy?: Wording): VirtSimilarityError {
  if (thrown instanceof VirtSimilarityError) {
    return thrown;
  }
  const { code, ending } = classifyFailure(thrown, 'unreadable', remedy);
  const message = wording`${action}: ${systemReasonOf(thrown)}${ending}`;
  return new VirtSimilarityError(code, message, { image: path, cause: thrown });
}
