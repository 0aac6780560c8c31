import type { HashRequest } from '../contracts/executor.js';
import type { FoundImages, HashOutcome } from '../contracts/stages.js';
import { brokenContract } from '../errors.js';
import type { CompleteOptions } from '../execution/options.js';

/**
 * Creates the request to hash or inspect the images that have not failed already.
 *
 * @param trees the resolved directories of `allowBacking`
 */
export function requestOf(
  { sources, directories, failures }: FoundImages,
  trees: readonly string[],
  options: CompleteOptions,
): HashRequest {
  const { reader, hasher, blockSize, cache, cacheDecrypted, maxVirtualSize, allowInUse, sandbox } = options;
  return {
    sources: sources.filter(({ path }) => !failures.has(path)),
    allowedDirectories: directories,
    allowedTrees: trees,
    reader,
    hasher,
    blockSize,
    ...(cache !== undefined && { cache }),
    ...(cacheDecrypted !== undefined && { cacheDecrypted }),
    maxVirtualSize,
    allowInUse,
    sandbox,
  };
}

/**
 * Yields exactly one outcome for each image of the request; for an image without an outcome of the executor, a failure.
 *
 * @throws what the executor throws, and `plugin` for a second outcome of an image or an outcome of an image that was
 *   not requested.
 */
export async function* checkedOutcomes(
  outcomes: AsyncIterable<HashOutcome>,
  { sources }: HashRequest,
): AsyncGenerator<HashOutcome> {
  const missing = new Set(sources.map(({ path }) => path));
  for await (const outcome of outcomes) {
    if (!missing.delete(outcome.path)) {
      throw brokenContract('executor', 'one outcome for each image', `another for ${outcome.path}`, 'executor');
    }
    yield outcome;
  }
  for (const path of missing) {
    yield { path, error: brokenContract('executor', `an outcome for ${path}`, 'none', 'executor') };
  }
}
