import { VirtSimilarityError } from '@virt-similarity/core/errors';

/** Whether the error is one of the project's, also when it comes from a plugin that has a core package of its own. */
export function isVirtSimilarityError(error: unknown): error is VirtSimilarityError {
  return (
    error instanceof VirtSimilarityError ||
    (error instanceof Error && error.name === 'VirtSimilarityError' && 'code' in error)
  );
}
