import { instantiateWebAssembly } from '../../web-assembly.js';

/** The linkages that packages/core/assembly/lance-williams.ts implements. */
export type UpdatedLinkage = 'complete' | 'average' | 'weighted' | 'ward';

type Update = (
  first: number,
  second: number,
  count: number,
  sizes: number,
  firstSize: number,
  secondSize: number,
  height: number,
) => void;

/** The exports of packages/core/assembly/matrix-band.ts, documented there. Addresses are byte offsets in `memory`. */
export interface MatrixBand extends Readonly<Record<UpdatedLinkage, Update>> {
  readonly memory: { readonly buffer: ArrayBuffer };
  allocateRow(size: number): number;
  configure(size: number, firstRow: number, rowCount: number): void;
  valuesAt(): number;
  square(): void;
  endOfPart(position: number): number;
  gather(position: number, row: number): void;
  scatter(position: number, row: number): void;
  remove(position: number): void;
  nearest(row: number): number;
}

/**
 * Creates a band with its own memory.
 *
 * @throws `unavailable` if its WebAssembly module has not been built or there is not enough memory.
 */
export function instantiateMatrixBand(): MatrixBand {
  return instantiateWebAssembly(new URL('./matrix-band.wasm', import.meta.url), 'cluster') as MatrixBand;
}
