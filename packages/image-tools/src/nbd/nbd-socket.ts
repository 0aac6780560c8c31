import { connect, type Socket } from 'node:net';
import { messageOf, throwIfAborted, VirtSimilarityError } from '@virt-similarity/core';
import { readError, type Speaker } from '../reading/read-error.js';
import { ByteReceiver } from './byte-receiver.js';
import type { HandshakeStream } from './option-exchange.js';

/** Bytes taken from the kernel at a time: as much as a Unix socket holds by default, twice over. */
const RECEIVE_BYTES = 512 * 1024;
/** Milliseconds that the server has to take leave in. */
const LEAVE_MS = 1000;

/** A Unix socket whose bytes go through one reused buffer into a `ByteReceiver`, and which fails once and for all. */
export class NbdSocket implements HandshakeStream {
  readonly receiver = new ByteReceiver();
  readonly #socket: Socket;
  readonly #speaker: Speaker;
  readonly #closed: Promise<void>;
  #failure: Error | undefined;
  #listener: ((reason: Error) => void) | undefined;

  /** Begins to connect; what is sent meanwhile waits. Fails with `aborted` when the signal fires. */
  constructor(path: string, speaker: Speaker, signal: AbortSignal | undefined) {
    throwIfAborted(signal);
    this.#speaker = speaker;
    const buffer = Buffer.allocUnsafeSlow(RECEIVE_BYTES);
    const callback = (length: number, received: Uint8Array) => {
      this.receiver.push(received.subarray(0, length));
      return true;
    };
    this.#socket = connect({ path, onread: { buffer, callback } });
    this.#socket.on('error', (cause) => this.#lose(messageOf(cause), cause));
    this.#socket.on('end', () => this.#lose('it hung up'));
    const abort = () => this.fail(new VirtSimilarityError('aborted', 'interrupted', { cause: signal?.reason }));
    signal?.addEventListener('abort', abort, { once: true });
    this.#closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        signal?.removeEventListener('abort', abort);
        this.#lose('it hung up');
        resolve();
      });
    });
  }

  /** Why the socket is of no more use, once it is. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Has `listener` called once, when the socket fails. */
  onFailure(listener: (reason: Error) => void): void {
    this.#listener = listener;
    if (this.#failure !== undefined) {
      listener(this.#failure);
    }
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  receive(length: number): Promise<Buffer> {
    return this.receiver.receive(length);
  }

  /** @throws away the connection; everyone who waits for something from it gets `reason`, unless it failed before. */
  fail(reason: Error): void {
    if (this.#failure !== undefined) {
      return;
    }
    this.#failure = reason;
    this.#socket.destroy();
    this.receiver.fail(reason);
    this.#listener?.(reason);
  }

  /** Sends what is left to send, then closes. Those who wait for something get `reason`. */
  async end(reason: Error): Promise<void> {
    if (this.#failure === undefined) {
      const timer = setTimeout(() => this.#socket.destroy(), LEAVE_MS);
      this.#failure = reason;
      this.receiver.fail(reason);
      this.#listener?.(reason);
      this.#socket.end();
      await this.#closed;
      clearTimeout(timer);
    }
    await this.#closed;
  }

  #lose(happened: string, cause?: NodeJS.ErrnoException): void {
    this.fail(readError(this.#speaker, 'unavailable', `the NBD server is gone (${happened}); try again`, cause));
  }
}
