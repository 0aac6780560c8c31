import { type CommandContext, type HashedImages, type HashVector, type PairRun, pairRuns } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { sizeText } from './size-text.js';

const EXIT_EQUAL = 0;
const EXIT_DIFFERENT = 1;

/** A range in which two images differ, in bytes. */
interface DifferentRange {
  readonly start: number;
  readonly length: number;
}

export async function runDiff(context: CommandContext): Promise<number> {
  const [one, other] = vectorsOf(await context.images!.hash());
  const counts = { equal: 0, different: 0, zero: 0 };
  const ranges: DifferentRange[] = [];
  for await (const run of pairRuns(one, other, { signal: context.signal })) {
    counts[run.kind] += run.blocks;
    if (run.kind === 'different') {
      ranges.push(rangeOf(run, one.blockSize));
    }
  }
  const { blockSize } = one;
  switch (context.options['output-format']) {
    case 'json': {
      const images = [one, other].map(({ name, virtualSize }) => ({ path: name, virtualSize }));
      await context.write(
        `${JSON.stringify({ images, blockSize, blocks: counts, different: ranges }, undefined, 2)}\n`,
      );
      break;
    }
    case 'csv':
      await context.write(['start,length\n', ...ranges.map(({ start, length }) => `${start},${length}\n`)]);
      break;
    default:
      await context.writeTable(
        ranges.length === 0
          ? []
          : [['START', 'LENGTH'], ...ranges.map(({ start, length }) => [String(start), sizeText(length)])],
      );
  }
  const size = (blocks: number) => sizeText(blocks * blockSize);
  const sums = `${size(counts.different)} differ, ${size(counts.equal)} are the same, ${size(counts.zero)} are zero in both`;
  context.messages.note(`${sums}, in blocks of ${sizeText(blockSize)}`);
  return counts.different === 0 ? EXIT_EQUAL : EXIT_DIFFERENT;
}

function rangeOf({ start, blocks }: PairRun, blockSize: number): DifferentRange {
  return { start: start * blockSize, length: blocks * blockSize };
}

/** @throws the error of an image that failed, and `usage` unless there are exactly two images. */
function vectorsOf({ outcomes }: HashedImages): [HashVector, HashVector] {
  const vectors = outcomes.map(({ vector, error }) => {
    if (error !== undefined) {
      throw error;
    }
    return vector;
  });
  const [one, other] = vectors;
  if (one === undefined || other === undefined || vectors.length > 2) {
    throw new VirtSimilarityError('usage', `expected two images to compare, found ${vectors.length}; name two`);
  }
  return [one, other];
}
