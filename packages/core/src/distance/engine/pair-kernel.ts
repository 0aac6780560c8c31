import { instantiateWebAssembly } from '../../web-assembly.js';

/** What packages/core/assembly exports; addresses are bytes in `memory`. The sources there say what each does. */
export interface PairKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly TILE: { readonly value: number };
  configure(build: number, probe: number, digestLength: number, sliceWidth: number, rowBytes: number): void;
  blocksAt(): number;
  digestsAt(): number;
  startSlice(): void;
  takeRows(count: number, start: number, end: bigint): number;
  labelRows(vector: number, first: number, rows: number, start: number): void;
  rowsBelow(end: bigint, count: number): number;
  segmentStart(from: number): number;
  segmentEnd(from: number, gap: number): number;
  startWindow(): void;
  appendLabels(position: number): number;
  repeatedAt(): number;
  byteLabelsEnd(): number;
  wideLabelsStart(): number;
  wideLabelsEnd(): number;
  bitRowEnd(): number;
  configureElements(
    build: number,
    probe: number,
    digestLength: number,
    rowsAtOnce: number,
    elements: number,
    columns: number,
    frequent: number,
  ): void;
  inputAt(): number;
  startPartition(): void;
  takeDigests(vector: number, rows: number, mask: number, value: number): number;
  elementRowEnd(): number;
  frequentAt(): number;
  frequentOnes(): number;
  countTile(
    firstRow: number,
    firstEnd: number,
    secondRow: number,
    secondEnd: number,
    byteLabels: number,
    wideFrom: number,
    wideTo: number,
    bitBytes: number,
  ): void;
  equalCountsAt(): number;
  commonCountsAt(): number;
}

/**
 * A kernel with memory of its own.
 *
 * @throws `unavailable` if the build has not made it.
 */
export function instantiateKernel(): PairKernel {
  return instantiateWebAssembly(new URL('./pair-kernel.wasm', import.meta.url), 'compare') as PairKernel;
}
