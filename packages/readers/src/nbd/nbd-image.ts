import { type DiskImage, type Extent, type ImageIdentity, throwIfAborted } from '@virt-similarity/core';
import type { ErrorContext, NbdConnection } from '@virt-similarity/image-tools';
import { readError } from '@virt-similarity/image-tools';
import { mergeExtents } from '../qemu/merge-extents.js';

/** An open export of an NBD server. */
export class NbdImage implements DiskImage {
  readonly virtualSize: number;
  readonly identity: ImageIdentity;
  readonly #connection: NbdConnection;
  readonly #errorContext: ErrorContext;
  readonly #signal: AbortSignal | undefined;
  #isClosed = false;

  /** Takes over the connection, which `close` closes. */
  constructor(
    connection: NbdConnection,
    identity: ImageIdentity,
    { errorContext, signal }: { readonly errorContext: ErrorContext; readonly signal: AbortSignal | undefined },
  ) {
    this.virtualSize = connection.size;
    this.identity = identity;
    this.#connection = connection;
    this.#errorContext = errorContext;
    this.#signal = signal;
  }

  extents(): AsyncGenerator<Extent, void> {
    return mergeExtents(this.#ranges());
  }

  async read(target: Uint8Array, position: number): Promise<void> {
    this.#requireOpen();
    await this.#connection.read(target, position);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#connection.close();
  }

  async *#ranges(): AsyncGenerator<Extent, void> {
    this.#requireOpen();
    for await (const { start, length, isZero } of this.#connection.ranges()) {
      yield { kind: isZero ? 'zero' : 'data', start, length };
    }
  }

  #requireOpen(): void {
    throwIfAborted(this.#signal);
    if (this.#isClosed) {
      throw readError(this.#errorContext, 'unreadable', 'it was closed');
    }
  }
}
