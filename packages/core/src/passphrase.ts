/**
 * A passphrase of an encrypted disk. Its bytes are private: no JSON, dump or structured clone of the object, or of any
 * object that holds it, contains them.
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
