import { exhaustionRemedy, messageOf, missingModuleRemedy, VirtSimilarityError, wording } from '../errors.js';

/**
 * Maps a thread's startup or exit failure to the error to report: `unavailable` if the system has run out of a
 * resource or a module is missing, otherwise the failure itself.
 */
export function threadError(thrown: unknown): unknown {
  const remedy = missingModuleRemedy(thrown) ?? exhaustionRemedy(thrown);
  if (remedy === undefined) {
    return thrown;
  }
  return new VirtSimilarityError('unavailable', wording`cannot run a thread: ${messageOf(thrown)}; ${remedy}`, {
    cause: thrown,
  });
}
