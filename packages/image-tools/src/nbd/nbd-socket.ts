import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type ErrorCode, messageOf, throwIfAborted, VirtSimilarityError } from '@virt-similarity/core';
import { type ErrorContext, readError } from '../reading/read-error.js';
import { ByteReceiver } from './byte-receiver.js';
import { protocolError } from './nbd-error.js';
import type { HandshakeStream } from './option-exchange.js';

/** The most bytes received at a time without TLS: about twice what a Unix socket buffers by default. */
const RECEIVE_BYTES = 512 * 1024;
/** Milliseconds that the server has to close its end after a disconnect. */
const DISCONNECT_GRACE_MS = 1000;

/** The certificates and the key of a TLS client, in PEM. */
export interface NbdTls {
  /** Certificates of the authorities to trust. If absent, the authorities that Node.js trusts are used. */
  readonly ca?: string | undefined;
  /** The client's certificate. */
  readonly cert?: string | undefined;
  /** The private key of `cert`. */
  readonly key?: string | undefined;
}

/** The address of a server: the path of a Unix socket, or a TCP address, with `tls` if the connection is encrypted. */
export type NbdAddress = string | { readonly host: string; readonly port: number; readonly tls?: NbdTls | undefined };

/** How the failures of a socket are reported, and what ends it. */
interface SocketOptions {
  readonly errorContext: ErrorContext;
  /** The code of the error if the server cannot be reached or closes the connection. */
  readonly lossCode: ErrorCode;
  readonly signal: AbortSignal | undefined;
}

/** A connection that passes the received bytes to a `ByteReceiver`. The connection fails at most once. */
export class NbdSocket implements HandshakeStream {
  readonly receiver = new ByteReceiver();
  #socket: Socket;
  readonly #address: NbdAddress;
  readonly #options: SocketOptions;
  readonly #closed: Promise<void>;
  #isConnected = false;
  #failure: Error | undefined;
  #listener: ((reason: Error) => void) | undefined;

  /**
   * Starts to connect. Bytes that are sent before the socket is connected are queued. The socket fails with `aborted`
   * when the signal fires.
   *
   * @throws `aborted` if the signal has already fired.
   */
  constructor(address: NbdAddress, options: SocketOptions) {
    const { signal } = options;
    throwIfAborted(signal);
    this.#address = address;
    this.#options = options;
    this.#socket = this.#connect(address);
    this.#watch(this.#socket);
    this.#socket.once('connect', () => {
      this.#isConnected = true;
    });
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

  /**
   * Encrypts the connection from here on, and verifies the server's certificate. The address must have `tls`.
   *
   * @throws `unreadable` if the server's certificate is not trusted or TLS fails for another reason; `unavailable` if
   *   the server sent bytes before the TLS handshake; the reason for any other failure of the socket.
   */
  async startTls(): Promise<void> {
    const { host, tls } = this.#address as Exclude<NbdAddress, string>;
    const plain = this.#socket;
    plain.removeAllListeners('data');
    if (!this.receiver.isIdle) {
      throw protocolError(this.#options.errorContext, 'it sent bytes between its consent to TLS and the TLS handshake');
    }
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const encrypted = connectTls({ socket: plain, host, ...servername, ...tls, minVersion: 'TLSv1.2' });
    this.#socket = encrypted;
    await new Promise<void>((resolve, reject) => {
      encrypted.once('secureConnect', resolve);
      encrypted.once('error', (cause) => {
        const happened = `TLS with the NBD server failed (${messageOf(cause)})`;
        const remedy = 'check its certificate, or set tls-certificates in the URI to a directory with ca-cert.pem';
        this.fail(readError(this.#options.errorContext, 'unreadable', `${happened}; ${remedy}`, cause));
      });
      this.onFailure(reject);
    });
    this.#watch(encrypted);
    encrypted.on('data', (received) => this.receiver.push(received));
  }

  /** Why the socket failed or was ended; `undefined` while it is usable. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Registers a listener, which replaces an earlier listener. The listener is called once: when the socket fails or
   * `end` is called, or immediately if either has already happened.
   */
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

  /**
   * Drops the connection. Everything that waits for it fails with `reason`. Has no effect if the socket has already
   * failed or was ended.
   */
  fail(reason: Error): void {
    if (this.#failure !== undefined) {
      return;
    }
    this.#failure = reason;
    this.#socket.destroy();
    this.receiver.fail(reason);
    this.#listener?.(reason);
  }

  /**
   * Sends what is queued, then closes the connection, and resolves once it is closed. Everything that waits for the
   * connection fails with `reason`. If the server does not close its end within a second, drops the connection. If the
   * socket has already failed or was ended, only waits until the connection is closed.
   */
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

  #connect(address: NbdAddress): Socket {
    if (typeof address === 'object' && address.tls !== undefined) {
      // TLS cannot be started on a socket that reads into a fixed buffer (`onread`).
      const { host, port } = address;
      return connect({ host, port, noDelay: true }).on('data', (received) => this.receiver.push(received));
    }
    const buffer = Buffer.allocUnsafeSlow(RECEIVE_BYTES);
    const callback = (length: number, received: Uint8Array) => {
      this.receiver.push(received.subarray(0, length));
      return true;
    };
    const target = typeof address === 'string' ? { path: address } : { host: address.host, port: address.port };
    return connect({ ...target, noDelay: true, onread: { buffer, callback } });
  }

  #watch(socket: Socket): void {
    socket.on('error', (cause) => this.#lose(messageOf(cause), cause));
    socket.on('end', () => this.#lose('it closed the connection'));
  }

  #lose(happened: string, cause?: NodeJS.ErrnoException): void {
    const { errorContext, lossCode } = this.#options;
    const problem = this.#isConnected
      ? `the NBD server is gone (${happened}); try again`
      : `the NBD server cannot be reached (${happened}); check its address and that it is running`;
    this.fail(readError(errorContext, lossCode, problem, cause));
  }
}
