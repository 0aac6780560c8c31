import { classifyFailure, systemReasonOf, VirtSimilarityError, type Wording, wording } from '../errors.js';

/** Returns the code of a system error, such as `ENOENT`; `undefined` for anything else. */
export function systemCode(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('syscall' in thrown) || !('code' in thrown)) {
    return undefined;
  }
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

/**
 * Maps an error that was thrown while a file was used to the error to throw: this project's own errors unchanged, the
 * rest as `unreadable`, or as `unavailable` if space or descriptors ran out.
 *
 * @param action the failed action, such as `cannot write tree.nwk`
 * @param remedy not used if space or descriptors ran out, which have their own remedies
 */
export function fileError(thrown: unknown, action: string, path: string, remedy?: Wording): VirtSimilarityError {
  if (thrown instanceof VirtSimilarityError) {
    return thrown;
  }
  const { code, ending } = classifyFailure(thrown, 'unreadable', remedy);
  const message = wording`${action}: ${systemReasonOf(thrown)}${ending}`;
  return new VirtSimilarityError(code, message, { image: path, cause: thrown });
}
