import { instantiateWebAssembly } from '../../web-assembly.js';

/**
 * The exports of packages/core/assembly/single-linkage.ts, documented there. Addresses are byte offsets in `memory`.
 */
export interface SingleLinkageKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  configure(size: number): void;
  edgesAt(): number;
  rowAt(): number;
  unusable(count: number, largest: number): number;
  add(item: number, count: number): void;
}

/**
 * Creates a kernel with its own memory.
 *
 * @throws `unavailable` if its WebAssembly module has not been built or there is not enough memory.
 */
export function instantiateSingleLinkageKernel(): SingleLinkageKernel {
  return instantiateWebAssembly(new URL('./single-linkage.wasm', import.meta.url), 'cluster') as SingleLinkageKernel;
}
