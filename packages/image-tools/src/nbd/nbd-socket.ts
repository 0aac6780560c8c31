import { connect, type Socket } from 'node:net';
import { messageOf, throwIfAborted, VirtSimilarityError } from '@virt-similarity/core';
import { readError, type Speaker } from '../reading/read-error.js';
import { ByteReceiver } from './byte-receiver.js';
import type { HandshakeStream } from './option-exchange.js';

/** Bytes received at a time: about twice what a Unix socket buffers by default. */
const RECEIVE_BYTES = 512 * 1024;
/** Milliseconds that the server has to close its end after a disconnect. */
const DISCONNECT_GRACE_MS = 1000;

/** A Unix socket that feeds a `ByteReceiver` through one reused buffer. It fails at most once. */
export class NbdSocket implements HandshakeStream {
  readonly receiver = new ByteReceiver();
  readonly #socket: Socket;
  readonly #speaker: Speaker;
  readonly #closed: Promise<void>;
  #failure: Error | undefined;
  #listener: ((reason: Error) => void) | undefined;

  /** Starts to connect; bytes sent before it is connected are queued. Fails with `aborted` when the signal fires. */
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
    this.#socket.on('end', () => this.#lose('it closed the connection'));
    const abort = () => this.fail(new VirtSimilarityError('aborted', 'interrupted', { cause: signal?.reason }));
    signal?.addEventListener('abort', abort, { once: true });
    this.#closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        signal?.removeEventListener('abort', abort);
        this.#lose('it closed the connection');
        resolve();
      });
    });
  }

  /** Why the socket failed; `undefined` while it is usable. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Registers `listener` to be called once, when the socket fails; at once if it has failed already. */
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

  /** Drops the connection and fails everything that waits for it with `reason`. Has no effect after a failure. */
  fail(reason: Error): void {
    if (this.#failure !== undefined) {
      return;
    }
    this.#failure = reason;
    this.#socket.destroy();
    this.receiver.fail(reason);
    this.#listener?.(reason);
  }

  /** Sends what is queued, then closes. Everything that waits for the connection fails with `reason`. */
  async end(reason: Error): Promise<void> {
    if (this.#failure === undefined) {
      const timer = setTimeout(() => this.#socket.destroy(), DISCONNECT_GRACE_MS);
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
