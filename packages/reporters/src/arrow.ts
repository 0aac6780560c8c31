import type { Analysis, OptionDeclarations, OptionValues, Reporter } from '@virt-similarity/core';
import {
  type ArrowBatch,
  type ArrowColumn,
  condensedIndex,
  encodeArrowFile,
  nearestItems,
  terminalText,
} from '@virt-similarity/core/reporting';
import { CLUSTER_OPTIONS, clustersOf } from './clusters-of.js';

/** The media type of Arrow IPC files: https://www.iana.org/assignments/media-types/application/vnd.apache.arrow.file */
const ARROW_FILE = 'application/vnd.apache.arrow.file';
const PAIRS_PER_BATCH = 65_536;
/** The largest number of distances in a batch, which take 8 MiB, unless a single row of the matrix has more. */
const NUMBERS_PER_BATCH = 2 ** 20;

/**
 * Writes the distances as an Arrow file in long form, with a row for each pair: the names `image` and `other`, their
 * `distance`, and the numbers of non-zero blocks: `blocks` of `image`, and `other_blocks` of `other`.
 */
export class DistancesReporter implements Reporter {
  readonly extension = '.distances.arrow';
  readonly mediaType = ARROW_FILE;
  readonly isBinary = true;

  report(analysis: Analysis): AsyncIterable<Uint8Array> {
    const names = analysis.images.map(({ name }) => terminalText(name));
    const columns: ArrowColumn[] = [
      { name: 'image', type: { texts: names } },
      { name: 'other', type: { texts: names } },
      { name: 'distance', type: 'float64' },
      { name: 'blocks', type: 'float64' },
      { name: 'other_blocks', type: 'float64' },
    ];
    return encodeArrowFile(columns, metadataOf(analysis, 'distances'), pairBatches(analysis));
  }
}

/**
 * Writes the analysis as an Arrow file, with a row for each image: `image` (its name), `path`, `virtual_size` in bytes,
 * `data_blocks`, `repeated_blocks`, `cluster` (from 1), `nearest` and `nearest_distance`, and `distances`, the image's
 * row of the square matrix. The annotations follow as further columns.
 */
export class ArrowReporter implements Reporter {
  readonly extension = '.report.arrow';
  readonly mediaType = ARROW_FILE;
  readonly isBinary = true;
  readonly options: OptionDeclarations = CLUSTER_OPTIONS;

  report(analysis: Analysis, options: OptionValues): AsyncIterable<Uint8Array> {
    const columns: ArrowColumn[] = [
      { name: 'image', type: 'utf8' },
      { name: 'path', type: 'utf8' },
      { name: 'virtual_size', type: 'float64' },
      { name: 'data_blocks', type: 'float64' },
      { name: 'repeated_blocks', type: 'float64' },
      { name: 'cluster', type: 'uint32' },
      { name: 'nearest', type: 'utf8' },
      { name: 'nearest_distance', type: 'float64' },
      { name: 'distances', type: { numbers: analysis.images.length } },
      ...(analysis.annotations ?? []).map(({ name }): ArrowColumn => ({ name: terminalText(name), type: 'utf8' })),
    ];
    return encodeArrowFile(columns, metadataOf(analysis, 'matrix'), imageBatches(analysis, options));
  }
}

function metadataOf({ parameters }: Analysis, content: string): Map<string, string> {
  const { algorithm, blockSize, metric, unit, linkage } = parameters;
  return new Map([
    ['virt-similarity.report', content],
    ['virt-similarity.algorithm', algorithm],
    ['virt-similarity.block-size', String(blockSize)],
    ['virt-similarity.metric', metric],
    ['virt-similarity.unit', unit],
    ['virt-similarity.linkage', linkage],
  ]);
}

function* pairBatches({ images, distances }: Analysis): Generator<ArrowBatch> {
  const { size, values } = distances;
  let [row, column] = [0, 1];
  for (let start = 0; start < values.length; start += PAIRS_PER_BATCH) {
    const length = Math.min(PAIRS_PER_BATCH, values.length - start);
    const [first, second] = [new Uint32Array(length), new Uint32Array(length)];
    const [blocks, otherBlocks] = [new Float64Array(length), new Float64Array(length)];
    for (let index = 0; index < length; index++) {
      first[index] = row;
      second[index] = column;
      blocks[index] = images[row]!.dataBlocks;
      otherBlocks[index] = images[column]!.dataBlocks;
      column += 1;
      if (column === size) {
        row += 1;
        column = row + 1;
      }
    }
    yield { length, values: [first, second, values.slice(start, start + length), blocks, otherBlocks] };
  }
}

function* imageBatches(analysis: Analysis, options: OptionValues): Generator<ArrowBatch> {
  const { images, distances, annotations = [] } = analysis;
  const size = images.length;
  const clusters = clustersOf(analysis, options);
  const nearest = nearestItems(distances);
  const rows = Math.max(1, Math.floor(NUMBERS_PER_BATCH / size));
  for (let start = 0; start < size; start += rows) {
    const numbers = Array.from({ length: Math.min(rows, size - start) }, (_, index) => start + index);
    const some = numbers.map((number) => images[number]!);
    const others = numbers.map((number) => images[nearest.items[number]!]);
    yield {
      length: numbers.length,
      values: [
        some.map(({ name }) => terminalText(name)),
        some.map(({ path }) => terminalText(path)),
        some.map(({ virtualSize }) => virtualSize),
        some.map(({ dataBlocks }) => dataBlocks),
        some.map(({ repeatedBlocks }) => repeatedBlocks ?? null),
        Uint32Array.from(numbers, (number) => clusters[number]! + 1),
        others.map((other) => (other === undefined ? '' : terminalText(other.name))),
        others.map((other, index) => (other === undefined ? null : nearest.distances[numbers[index]!]!)),
        matrixRows(analysis, numbers),
        ...annotations.map(({ values }) => numbers.map((number) => terminalText(values[number]!))),
      ],
    };
  }
}

/** Returns rows of the square matrix, one after the other. */
function matrixRows({ distances: { size, values } }: Analysis, rows: readonly number[]): Float64Array {
  const matrix = new Float64Array(rows.length * size);
  for (const [index, row] of rows.entries()) {
    for (let column = 0; column < size; column++) {
      matrix[index * size + column] = row === column ? 0 : values[condensedIndex(size, row, column)]!;
    }
  }
  return matrix;
}
