import { readFileSync } from 'node:fs';
import { VirtSimilarityError } from './errors.js';

/** The part of the host's WebAssembly interface that is used here; Node's types leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/**
 * The exports of a new instance of a compiled module, with memory of its own.
 * Throws `unavailable` if the build has not made the file; `purpose` completes “cannot …”.
 */
export function instantiateWebAssembly(file: URL, purpose: string): unknown {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    const message = `cannot ${purpose}: ${file.pathname} is missing; install the package anew, or run npm run build`;
    throw new VirtSimilarityError('unavailable', message, { cause });
  }
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
}
