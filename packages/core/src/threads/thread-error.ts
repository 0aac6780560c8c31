import { exhaustionRemedy, messageOf, missingModuleRemedy, VirtSimilarityError, wording } from '../errors.js';

/**
 * What is to be told of something that kept a thread from being started or ended it: `unavailable` where the system has run
 * out of something, or a module is missing, and otherwise what was thrown, as it is.
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
