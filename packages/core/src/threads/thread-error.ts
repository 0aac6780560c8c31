import { isExhaustion, messageOf, VirtSimilarityError } from '../errors.js';

/** For want of descriptors, Node.js also takes a module that is there for one that is not. */
const MODULE_CODES: ReadonlySet<unknown> = new Set([
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'MODULE_NOT_FOUND',
]);

/**
 * What is to be told of something that kept a thread from being started or ended it: `unavailable` where the system has run
 * out of something, or a module is missing, and otherwise what was thrown, as it is.
 */
export function threadError(thrown: unknown): unknown {
  const isMissing = typeof thrown === 'object' && thrown !== null && 'code' in thrown && MODULE_CODES.has(thrown.code);
  if (!isMissing && !isExhaustion(thrown)) return thrown;
  const remedy = isMissing
    ? 'allow more open files with ulimit -n, or install virt-similarity anew'
    : 'use fewer threads with --jobs, or allow more processes, memory and open files';
  return new VirtSimilarityError('unavailable', `cannot run a thread: ${messageOf(thrown)}; ${remedy}`, {
    cause: thrown,
  });
}
