import { VirtSimilarityError, wording } from '../errors.js';
import type { TimeLimitError } from './time-limit-error.js';

/**
 * Creates the `unavailable` error for a part of a plugin that exceeded its time limit.
 *
 * @param component the part's name
 * @param kind the part's kind, such as `reporter`
 */
export function overrunError(component: string, kind: string, cause: TimeLimitError): VirtSimilarityError {
  const remedy = wording`leave the plugin out, or allow it more time with ${{ option: 'pluginTimeout' }}`;
  return new VirtSimilarityError('unavailable', wording`[${component}] the ${kind} gave ${cause.message}; ${remedy}`, {
    cause,
  });
}
