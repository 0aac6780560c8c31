import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** The default capacity of a pipe in bytes, and so the most bytes that arrive at once. */
const PIPE_BYTES = 65_536;
const NOTHING = new Uint8Array(0);

interface PendingRead {
  readonly target: Uint8Array;
  readonly settle: (length: number) => void;
}

/**
 * Reads a pipe without blocking. The first bytes of each read are copied from an internal buffer. Later bytes go
 * directly into the caller's memory. The pipe is read only while a call of `read` is pending, so the writer blocks once
 * the pipe is full.
 */
export class PipeReader {
  readonly #socket: Socket;
  /** Receives the bytes that arrive before their target is known. */
  readonly #buffer = new Uint8Array(PIPE_BYTES);
  /** The part of `#buffer` that no read has taken yet. */
  #unread: Uint8Array = NOTHING;
  #pending: PendingRead | undefined;
  #filled = 0;
  #hasEnded = false;

  /** @param descriptor the reading end, which `close` or the end of the pipe closes */
  constructor(descriptor: number) {
    // @types/node lacks `onread` here.
    const options: SocketConstructorOpts & { readonly onread: OnReadOpts } = {
      fd: descriptor,
      writable: false,
      onread: {
        // The socket asks for memory before each arrival, even when it is about to pause.
        buffer: () => this.#pending?.target.subarray(this.#filled) ?? this.#buffer,
        callback: (length, buffer) => this.#receive(buffer.subarray(0, length)),
      },
    };
    this.#socket = new Socket(options);
    const end = () => {
      this.#hasEnded = true;
      this.#settle();
    };
    this.#socket.on('end', end).on('error', end).on('close', end);
  }

  /**
   * Fills `target` with the next bytes and returns their number. The number is less than the length of `target` only if
   * all writers have closed the pipe, `close` was called or reading failed. Calls must not overlap.
   */
  read(target: Uint8Array): Promise<number> {
    return new Promise((settle) => {
      this.#pending = { target, settle };
      this.#filled = 0;
      this.#takeUnread();
      if (this.#filled === target.length || this.#hasEnded) {
        this.#settle();
      } else {
        this.#socket.resume();
      }
    });
  }

  /** Closes the reading end. A pending read ends with the bytes that it has. Idempotent. */
  close(): void {
    this.#socket.destroy();
  }

  /** Returns whether to continue reading. */
  #receive(bytes: Uint8Array): boolean {
    if (bytes.buffer === this.#buffer.buffer) {
      this.#unread = bytes;
      this.#takeUnread();
    } else {
      this.#filled += bytes.length;
    }
    if (this.#pending !== undefined && this.#filled === this.#pending.target.length) {
      this.#settle();
    }
    return this.#pending !== undefined;
  }

  #takeUnread(): void {
    if (this.#pending !== undefined) {
      const { target } = this.#pending;
      const taken = this.#unread.subarray(0, target.length - this.#filled);
      target.set(taken, this.#filled);
      this.#unread = this.#unread.subarray(taken.length);
      this.#filled += taken.length;
    }
  }

  #settle(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.settle(this.#filled);
  }
}
