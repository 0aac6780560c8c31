import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Mutation } from './field-mutations.js';

/** A file that is changed temporarily. Only the changed bytes are written, which is faster than writing the file. */
export class MutableFile {
  readonly path: string;
  /** The file's content between the changes. */
  readonly content: Buffer;
  readonly #descriptor: number;

  constructor(path: string) {
    this.path = path;
    this.content = readFileSync(path);
    this.#descriptor = openSync(path, 'r+');
  }

  /** Calls a function while the file is mutated, then restores the file. */
  async during<Result>({ patches, size }: Mutation, call: () => Promise<Result>): Promise<Result> {
    for (const { offset, bytes } of patches) {
      this.#write(bytes, offset);
    }
    ftruncateSync(this.#descriptor, size);
    try {
      return await call();
    } finally {
      for (const { offset, bytes } of patches) {
        this.#write(this.content.subarray(offset, offset + bytes.length), offset);
      }
      if (size < this.content.length) {
        this.#write(this.content.subarray(size), size);
      }
      ftruncateSync(this.#descriptor, this.content.length);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #write(bytes: Buffer, offset: number): void {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(this.#descriptor, bytes, done, bytes.length - done, offset + done);
    }
  }
}
