import { instantiateWebAssembly } from '../../web-assembly.js';

/** The linkages whose update of distances packages/core/assembly/lance-williams.ts has. */
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

/** What packages/core/assembly/matrix-band.ts exports; addresses are bytes in `memory`. It says what each does. */
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
 * A band with memory of its own.
 *
 * @throws `unavailable` if the build has not made its module.
 */
export function instantiateMatrixBand(): MatrixBand {
  return instantiateWebAssembly(new URL('./matrix-band.wasm', import.meta.url), 'cluster') as MatrixBand;
}
