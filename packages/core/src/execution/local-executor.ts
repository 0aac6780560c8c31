import type { CompareRequest, ExecutionRun, Executor, HashRequest, TileRequest } from '../contracts/executor.js';
import type { HashOutcome } from '../contracts/stages.js';
import type { PairwiseCounts, Tile } from '../contracts/tile.js';
import { compareContentsBetween, comparePositionsBetween } from '../distance/compare-between.js';
import { compareByPosition } from '../distance/compare-by-position.js';
import { compareContents } from '../distance/compare-contents.js';
import type { CompareOptions } from '../distance/compare-options.js';
import { excerptOf, VirtSimilarityError } from '../errors.js';
import { hashVectorAt } from '../vectors/read-hash-vector.js';
import { type ExecutionContext, HashRun } from './hash-run.js';
import { completeOptions } from './options.js';

/** Hashes and compares on this machine's threads. */
export class LocalExecutor implements Executor {
  readonly #context: ExecutionContext;

  constructor(context: ExecutionContext) {
    this.#context = context;
  }

  async *hash(request: HashRequest, run: ExecutionRun): AsyncGenerator<HashOutcome> {
    yield* HashRun.hash(this.#context, request, { ...run, jobs: this.#jobsFor(request, run) });
  }

  async compare({ alignment, vectors }: CompareRequest, run: ExecutionRun): Promise<PairwiseCounts> {
    const opened = vectors.map(hashVectorAt);
    return alignment === 'position'
      ? compareByPosition(opened, optionsOf(run))
      : compareContents(opened, { ...optionsOf(run), alignment });
  }

  async compareWith({ alignment, rows, columns }: TileRequest, run: ExecutionRun): Promise<Tile> {
    const [opened, others] = [rows.map(hashVectorAt), columns.map(hashVectorAt)];
    return alignment === 'position'
      ? comparePositionsBetween(opened, others, optionsOf(run))
      : compareContentsBetween(opened, others, { ...optionsOf(run), alignment });
  }

  /**
   * Returns the number of threads for a request. Validates the request, because another executor may have created it.
   *
   * @throws `usage` if the request is invalid.
   */
  #jobsFor({ sources, allowedDirectories, allowedTrees, ...options }: HashRequest, { jobs }: ExecutionRun): number {
    const complete = completeOptions('hash', { ...options, jobs }, this.#context.registry.logger);
    const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
    const isUsable = Array.isArray(sources) && sources.every((source) => isText(source?.path));
    if (!isUsable || ![allowedDirectories, allowedTrees ?? []].every((paths) => paths?.every?.(isText))) {
      const found = isUsable ? { allowedDirectories, allowedTrees } : sources;
      const expected = 'expected sources with paths, and allowedDirectories and allowedTrees to be lists of paths';
      throw new VirtSimilarityError('usage', `cannot hash: ${expected}, found ${excerptOf(found)}`);
    }
    return complete.jobs;
  }
}

function optionsOf({ jobs, onProgress, signal }: ExecutionRun): CompareOptions {
  return { jobs, onFraction: (fraction) => onProgress({ kind: 'comparing', fraction }), signal };
}
