import { classifyFailure, systemReasonOf, VirtSimilarityError, type Wording, wording } from '../errors.js';

/** Returns the code of a system error, such as `ENOENT`; `undefined` for anything else. */
export function systemCode(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('syscall' in thrown) || !('code' in thrown)) {
    return undefined;
  }
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

/**
 * Maps an error that was thrown while a file was used to the error to throw. This project's own errors stay as they
 * are. Other errors become `unavailable` if a system resource such as space or descriptors is exhausted, otherwise
 * `unreadable`.
 *
 * @param action the failed action, such as `cannot write tree.nwk`
 * @param path the `image` of the new error
 * @param remedy the end of the message; replaced by the remedy for a system resource if one is exhausted
 */
export function fileError(thrown: unknown, action: string, path: string, remedy?: Wording): VirtSimilarityError {
  if (thrown instanceof VirtSimilarityError) {
    return thrown;
  }
  const { code, ending } = classifyFailure(thrown, 'unreadable', remedy);
  const message = wording`${action}: ${systemReasonOf(thrown)}${ending}`;
  return new VirtSimilarityError(code, message, { image: path, cause: thrown });
}
