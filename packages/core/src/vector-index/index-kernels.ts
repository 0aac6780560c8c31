import { instantiateWebAssembly } from '../web-assembly.js';

/** The most block numbers in a window, and therefore the most rows of one vector in it. */
export const WINDOW_BLOCKS = 65_536;
/** The number of consecutive blocks in a page. */
export const PAGE_BLOCKS = 16;

/** The exports of packages/core/assembly/index-build.ts, documented there. Addresses are byte offsets in `memory`. */
export interface BuildKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  configure(vectors: number, rows: number, digestLength: number): void;
  blocksAt(): number;
  inputAt(): number;
  startWindow(): void;
  addRows(rows: number, firstPage: number): number;
  pagesInWindow(): number;
  finishWindow(firstPage: number): number;
  windowAt(): number;
}

/** The exports of packages/core/assembly/index-query.ts, documented there. Addresses are byte offsets in `memory`. */
export interface QueryKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  configure(
    rows: number,
    mostPages: number,
    digestLength: number,
    rowsAtOnce: number,
    mostVectors: number,
    mostBytes: number,
  ): void;
  blocksAt(): number;
  inputAt(): number;
  takeRows(rows: number): void;
  startSegment(vectors: number): void;
  windowAt(): number;
  sumsAt(): number;
  countWindow(bytes: number): number;
  isConfirmed(): number;
  rowsToCheck(vector: number): number;
  checkVector(vector: number): void;
}

/**
 * @throws `unavailable` if the WebAssembly module is missing or memory cannot be allocated. The exports that allocate
 *   memory also throw `unavailable`.
 */
export function instantiateBuildKernel(): BuildKernel {
  return instantiateWebAssembly(new URL('./build-kernel.wasm', import.meta.url), 'index vectors') as BuildKernel;
}

/** @throws as {@link instantiateBuildKernel}. */
export function instantiateQueryKernel(): QueryKernel {
  return instantiateWebAssembly(new URL('./query-kernel.wasm', import.meta.url), 'compare') as QueryKernel;
}
