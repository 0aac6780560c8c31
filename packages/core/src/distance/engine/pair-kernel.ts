import { instantiateWebAssembly } from '../../web-assembly.js';

/** The exports of packages/core/assembly/index.ts, documented there. Addresses are byte offsets in `memory`. */
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
    onlyDistinct: boolean,
  ): void;
  inputAt(): number;
  startPartition(): void;
  takeDigests(vector: number, rows: number, mask: number, value: number): number;
  distinctAt(): number;
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
 * Creates a kernel with its own memory.
 *
 * @throws `unavailable` if its WebAssembly module has not been built or there is not enough memory.
 */
export function instantiateKernel(): PairKernel {
  return instantiateWebAssembly(new URL('./pair-kernel.wasm', import.meta.url), 'compare') as PairKernel;
}
