/**
 * A passphrase of an encrypted disk. Its bytes are private: neither JSON, nor the output of `util.inspect`, nor a
 * structured clone of the object, or of an object that contains it, includes them.
 */
export class Passphrase {
  readonly #bytes: Uint8Array;

  /** @param bytes belong to the passphrase from now on */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Returns the bytes, for the code that decrypts. They must not be written to a message, an argument or a file. */
  reveal(): Uint8Array {
    return this.#bytes;
  }
}
