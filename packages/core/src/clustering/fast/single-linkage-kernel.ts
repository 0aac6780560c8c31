import { instantiateWebAssembly } from '../../web-assembly.js';

/** What packages/core/assembly/single-linkage.ts exports; addresses are bytes in `memory`. It says what each does. */
export interface SingleLinkageKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  configure(size: number): void;
  edgesAt(): number;
  rowAt(): number;
  unusable(count: number, largest: number): number;
  add(item: number, count: number): void;
}

/**
 * A kernel with memory of its own.
 *
 * @throws `unavailable` if the build has not made it.
 */
export function instantiateSingleLinkageKernel(): SingleLinkageKernel {
  return instantiateWebAssembly(new URL('./single-linkage.wasm', import.meta.url), 'cluster') as SingleLinkageKernel;
}
