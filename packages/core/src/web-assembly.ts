import { exhaustionRemedy, VirtSimilarityError } from './errors.js';
import { readModuleFile } from './files/module-file.js';
import { memoryShortage } from './memory/memory-shortage.js';

/** The part of the host's WebAssembly interface that is used here; Node's types leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** Bytes of address space that V8 reserves for an instance's memory, of whatever size. */
const RESERVED = 10 * 2 ** 30;

/**
 * The exports of a new instance of a compiled module, with memory of its own. `purpose` completes “cannot …”.
 *
 * @throws `unavailable` if the build has not made the file, and where the system gives no memory; so do all exports
 *   that allocate some.
 */
export function instantiateWebAssembly(file: URL, purpose: string): unknown {
  let bytes: Uint8Array;
  try {
    bytes = readModuleFile(file);
  } catch (cause) {
    const message = `cannot ${purpose}: ${file.pathname} is missing; install the package anew, or run npm run build`;
    throw new VirtSimilarityError('unavailable', message, { cause });
  }
  const shortage = (needed: number, cause?: unknown): VirtSimilarityError =>
    memoryShortage({ bytes: needed, purpose, remedy: 'allow more memory, or close other programs' }, { cause });
  const outOfMemory = (needed: number): never => {
    throw shortage(needed);
  };
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(bytes), { memory: { outOfMemory } }).exports;
  } catch (cause) {
    throw exhaustionRemedy(cause) === undefined ? cause : shortage(RESERVED, cause);
  }
}
