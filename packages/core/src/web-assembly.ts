import { exhaustionRemedy, type VirtSimilarityError } from './errors.js';
import { readModuleFile, requireModuleFile } from './files/module-file.js';
import { memoryShortage } from './memory/memory-shortage.js';

/** The part of the WebAssembly interface that is used here; the types of Node.js do not declare it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** Bytes of address space that V8 reserves for an instance's memory, regardless of its size. */
const RESERVED = 10 * 2 ** 30;

/**
 * Instantiates a compiled module with its own memory and returns its exports.
 *
 * @param purpose completes “cannot …” in messages
 * @throws `unavailable` if the file is missing or memory cannot be allocated. The exports that allocate memory throw it
 *   too.
 */
export function instantiateWebAssembly(file: URL, purpose: string): unknown {
  requireModuleFile(file, purpose);
  const bytes = readModuleFile(file);
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
