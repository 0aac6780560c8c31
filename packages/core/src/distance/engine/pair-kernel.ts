import { readFileSync } from 'node:fs';
import { VirtSimilarityError } from '../../errors.js';

/** What packages/core/assembly exports; addresses are bytes in `memory`. The sources there say what each does. */
export interface PairKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly TILE: { readonly value: number };
  configure(vectors: number, digestLength: number, sliceWidth: number, rowBytes: number): void;
  blocksAt(): number;
  digestsAt(): number;
  startSlice(): void;
  takeRows(count: number, start: number, end: bigint): number;
  labelRows(vector: number, rows: number, start: number): void;
  startWindow(): void;
  appendLabels(position: number): number;
  repeatedAt(): number;
  byteLabelsEnd(): number;
  wideLabelsStart(): number;
  wideLabelsEnd(): number;
  bitRowEnd(): number;
  configureElements(
    vectors: number,
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

/** The part of the host's WebAssembly interface that is used here; Node's types leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** A kernel with memory of its own. Throws `unavailable` if the build has not made it. */
export function instantiateKernel(): PairKernel {
  const file = new URL('./pair-kernel.wasm', import.meta.url);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    const message = `cannot compare: ${file.pathname} is missing; install the package anew, or run npm run build`;
    throw new VirtSimilarityError('unavailable', message, { cause });
  }
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as PairKernel;
}
