import type { CompareRequest, ExecutionRun, Executor, HashRequest, TileRequest } from '../contracts/executor.js';
import type { HashOutcome } from '../contracts/stages.js';
import type { PairwiseCounts, Tile } from '../contracts/tile.js';
import { compareContentsBetween, comparePositionsBetween } from '../distance/compare-between.js';
import { compareByPosition } from '../distance/compare-by-position.js';
import { compareContents } from '../distance/compare-contents.js';
import type { CompareOptions } from '../distance/compare-options.js';
import { hashVectorAt } from '../vectors/read-hash-vector.js';
import { type ExecutionContext, HashRun } from './hash-run.js';

/** Hashes and compares on this machine's threads. */
export class LocalExecutor implements Executor {
  readonly #context: ExecutionContext;

  constructor(context: ExecutionContext) {
    this.#context = context;
  }

  hash(request: HashRequest, run: ExecutionRun): AsyncIterable<HashOutcome> {
    return HashRun.hash(this.#context, request, run);
  }

  async compare({ alignment, vectors }: CompareRequest, run: ExecutionRun): Promise<PairwiseCounts> {
    const compare = alignment === 'position' ? compareByPosition : compareContents;
    return compare(vectors.map(hashVectorAt), optionsOf(run));
  }

  async compareWith({ alignment, rows, columns }: TileRequest, run: ExecutionRun): Promise<Tile> {
    const compare = alignment === 'position' ? comparePositionsBetween : compareContentsBetween;
    return compare(rows.map(hashVectorAt), columns.map(hashVectorAt), optionsOf(run));
  }
}

function optionsOf({ jobs, onProgress, signal }: ExecutionRun): CompareOptions {
  return { jobs, onFraction: (fraction) => onProgress({ kind: 'comparing', fraction }), signal };
}
