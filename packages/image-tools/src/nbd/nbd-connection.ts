import type { VirtSimilarityError } from '@virt-similarity/core';
import { allSettled } from '../reading/all-settled.js';
import { type ErrorContext, readError } from '../reading/read-error.js';
import { requireRange } from '../reading/require-range.js';
import { encodeRequest } from './encode-request.js';
import type { NbdExport } from './handshake.js';
import type { NbdRequest } from './nbd-request.js';
import type { NbdSocket } from './nbd-socket.js';
import * as protocol from './protocol.js';
import { ReadRequest } from './read-request.js';
import { ReplyReader } from './reply-reader.js';
import { type StatusRange, StatusRequest } from './status-request.js';

/**
 * The most bytes that one request reads, unless the export's minimum block size is larger. Larger requests are slower,
 * because the server works on fewer of them at a time.
 */
const REQUEST_BYTES = 256 * 1024;

/**
 * The most bytes that one query of the map covers. It is a power of two, and so a multiple of every block size. It is
 * below 2³², because the protocol encodes the length in 32 bits.
 */
const QUERY_BYTES = 2 ** 31;

/** A request, and the timer that ends the connection if the reply is late. */
interface Pending {
  readonly request: NbdRequest;
  readonly timer: NodeJS.Timeout;
}

/** A connection to an export in the transmission phase. Any number of requests can be pending at once. */
export class NbdConnection {
  readonly #socket: NbdSocket;
  readonly #export: NbdExport;
  readonly #errorContext: ErrorContext;
  readonly #timeoutMs: number;
  readonly #pending = new Map<bigint, Pending>();
  #nextHandle = 0n;

  /** Takes over a socket after its handshake. Callers use `connectNbd` instead. */
  constructor(socket: NbdSocket, nbdExport: NbdExport, errorContext: ErrorContext, timeoutMs: number) {
    this.#socket = socket;
    this.#export = nbdExport;
    this.#errorContext = errorContext;
    this.#timeoutMs = timeoutMs;
    socket.onFailure((reason) => this.#rejectAll(reason));
    const listener = {
      find: (handle: bigint) => this.#pending.get(handle)?.request,
      finish: (handle: bigint, request: NbdRequest) => this.#finish(handle, request),
      fail: (reason: Error) => socket.fail(reason),
    };
    new ReplyReader(socket.receiver, listener, errorContext).start();
  }

  /** Size of the export in bytes. */
  get size(): number {
    return this.#export.size;
  }

  /** Whether several simultaneous connections to the export see the same content. */
  get allowsMoreConnections(): boolean {
    return this.#export.allowsMoreConnections;
  }

  /**
   * Fills `target` with the bytes from `position` on. Nothing is written to `target` after the promise settles.
   *
   * @throws `usage` if the range is not within the export; `unreadable`, with the position, if the server reports an
   *   error; the connection's `lossCode` if the server closed the connection; `unavailable` if it does not reply in
   *   time or breaks the protocol, or after `close`; `aborted` if the connection's signal has fired.
   */
  async read(target: Uint8Array, position: number): Promise<void> {
    requireRange(position, target.length, this.size, this.#errorContext);
    const alignment = this.#export.minimumBlockSize;
    if (position % alignment === 0 && target.length % alignment === 0) {
      await this.#readAligned(target, position);
      return;
    }
    const start = position - (position % alignment);
    const end = Math.min(Math.ceil((position + target.length) / alignment) * alignment, this.size);
    const whole = new Uint8Array(end - start);
    await this.#readAligned(whole, start);
    target.set(whole.subarray(position - start, position - start + target.length));
  }

  /**
   * Yields consecutive ranges that cover the export, in ascending order. If zeros were not requested with `map`, or if
   * the server does not report zeros, yields the complete export as one range that is not known to read as zeros.
   * Yields nothing for an export of 0 bytes.
   *
   * @throws as `read`, except `usage`.
   */
  async *ranges(): AsyncGenerator<StatusRange, void> {
    const { allocationContext: context, minimumBlockSize: alignment } = this.#export;
    if (context === undefined) {
      if (this.size > 0) {
        yield { start: 0, length: this.size, isZero: false };
      }
      return;
    }
    for (let start = 0; start < this.size; ) {
      const length = Math.min(QUERY_BYTES, this.size - start);
      for (const range of await this.#query({ context, alignment }, { start, length })) {
        yield range;
        start = range.start + range.length;
      }
    }
  }

  /**
   * Disconnects from the server and resolves once the socket is closed, which takes at most about a second. Pending
   * requests fail with `unavailable`. Idempotent.
   */
  async close(): Promise<void> {
    if (this.#socket.failure === undefined) {
      this.#socket.send(encodeRequest(protocol.CMD_DISC, 0, 0n, 0, 0));
    }
    await this.#socket.end(readError(this.#errorContext, 'unavailable', 'the connection was closed'));
  }

  async #readAligned(target: Uint8Array, position: number): Promise<void> {
    const { minimumBlockSize, maximumBlockSize } = this.#export;
    const limit = Math.max(minimumBlockSize, Math.min(REQUEST_BYTES, maximumBlockSize));
    const parts: Promise<void>[] = [];
    for (let start = 0; start < target.length; start += limit) {
      parts.push(this.#requestRead(target.subarray(start, start + limit), position + start));
    }
    await allSettled(parts);
  }

  #requestRead(target: Uint8Array, position: number): Promise<void> {
    // On an I/O error in a split reply, qemu 7.2 closes the connection instead of reporting the error.
    const flags = this.#export.canForbidFragments ? protocol.CMD_FLAG_DF : 0;
    return new Promise((resolve, reject) => {
      this.#send(protocol.CMD_READ, flags, new ReadRequest(target, position, resolve, reject));
    });
  }

  async #query(
    server: ConstructorParameters<typeof StatusRequest>[0],
    wanted: Pick<StatusRange, 'start' | 'length'>,
  ): Promise<Iterable<StatusRange>> {
    let request: StatusRequest | undefined;
    await new Promise<void>((resolve, reject) => {
      request = new StatusRequest(server, wanted, resolve, reject);
      this.#send(protocol.CMD_BLOCK_STATUS, 0, request);
    });
    return request!.ranges();
  }

  #send(command: number, flags: number, request: NbdRequest): void {
    if (this.#socket.failure !== undefined) {
      request.reject(this.#socket.failure);
      return;
    }
    const handle = this.#nextHandle;
    this.#nextHandle += 1n;
    const timer = setTimeout(() => this.#socket.fail(this.#timeoutError(request)), this.#timeoutMs);
    this.#pending.set(handle, { request, timer });
    this.#socket.send(encodeRequest(command, flags, handle, request.position, request.length));
  }

  #finish(handle: bigint, request: NbdRequest): void {
    clearTimeout(this.#pending.get(handle)?.timer);
    this.#pending.delete(handle);
    if (request.error === undefined) {
      request.resolve();
    } else {
      request.reject(request.error);
    }
  }

  #timeoutError({ position, purpose }: NbdRequest): VirtSimilarityError {
    const seconds = this.#timeoutMs / 1000;
    return readError(
      this.#errorContext,
      'unavailable',
      `the NBD server did not answer a ${purpose} at byte ${position} within ${seconds} s; try again`,
    );
  }

  #rejectAll(reason: Error): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { request, timer } of pending) {
      clearTimeout(timer);
      request.reject(reason);
    }
  }
}
