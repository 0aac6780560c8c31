import {
  type DistanceMetric,
  LOGGER,
  type Logger,
  OPTIONS,
  type OptionDeclarations,
  type PairCounts,
  type Plugin,
  REPLACED,
  type ValuesOf,
} from '@virt-similarity/core';
import { inject, injectable } from 'tsyringe';

const DECLARED = {
  'block-size': { type: 'size', powerOfTwo: true, default: 65_536, description: 'the block size of the run' },
} as const satisfies OptionDeclarations;

/** Wraps the metric `hamming`, whose distances are numbers of blocks, and converts them to MiB. */
@injectable()
export class MebibytesMetric implements DistanceMetric {
  readonly unit = 'MiB';
  readonly alignment: DistanceMetric['alignment'];
  readonly #hamming: DistanceMetric;
  readonly #perBlock: number;

  constructor(
    @inject(REPLACED) hamming: DistanceMetric,
    @inject(OPTIONS) options: ValuesOf<typeof DECLARED>,
    @inject(LOGGER) logger: Logger,
  ) {
    this.alignment = hamming.alignment;
    this.#hamming = hamming;
    this.#perBlock = options['block-size'] / 2 ** 20;
    logger.note('debug', `1 block is ${this.#perBlock} MiB`);
  }

  distance(counts: PairCounts): number {
    return this.#hamming.distance(counts) * this.#perBlock;
  }
}

export default {
  name: 'mebibytes-metric',
  url: import.meta.url,
  version: '0.1.0',
  core: '^0.1.0',
  options: DECLARED,
  metrics: { hamming: MebibytesMetric },
} satisfies Plugin;
