import { type DiskStream, type ImageIdentity, throwIfAborted, type Wording, wording } from '@virt-similarity/core';
import {
  type InspectedImage,
  type QemuCall,
  readError,
  type StreamingTool,
  type ToolExit,
  type ToolFiles,
  toolError,
} from '@virt-similarity/image-tools';
import { storedBytesOf } from '../chain-map/stored-bytes-of.js';
import { type CompressedFile, requireRawContent, unpack } from '../inspection/compressed-content.js';
import { namedInFormat } from '../inspection/format-remedy.js';
import { HeaderError } from '../inspection/header-error.js';
import { identityOf } from '../inspection/identity-of.js';
import { NEEDS_MORE_MEMORY } from './decompressors.js';

/** Bytes at the beginning and at the end of the content that show whether it is a raw disk. */
const HEAD_BYTES = 4096;
const TAIL_BYTES = 512;
const NOTHING = Buffer.alloc(0);
/** Bytes of content that are allowed for every file, in addition to `BYTES_PER_STORED_BYTE` for each stored byte. */
const BASE_BYTES = 2 ** 30;
/**
 * Bytes of content that are allowed per stored byte: the ratio of a zstd block that repeats one byte. Deflate and LZMA
 * have lower ratios. Without a limit, 1 MiB of bzip2 could expand to 1 TiB.
 */
const BYTES_PER_STORED_BYTE = 32_768;
/** How zstd, xz and bzip2 name their input in messages. */
const STANDARD_INPUT = /\/\*stdin\*\\ ?: ?|\(stdin\): /;

/** The error for a file that needs more memory than the decompressor is allowed in the first attempt. */
export class MemoryLimitError extends Error {}

/** A program that decompresses a file. */
export interface RunningDecompressor {
  readonly program: StreamingTool;
  readonly command: string;
  readonly files: ToolFiles;
}

/**
 * A raw disk in a compressed file. A program decompresses the file, and waits once the pipe of its output is full. The
 * bytes are not kept, so the disk can be read only once.
 */
export class CompressedDisk implements DiskStream {
  #identity: ImageIdentity;
  readonly #file: CompressedFile;
  readonly #running: RunningDecompressor;
  readonly #call: QemuCall;
  /** The remedy if the file is damaged, or is not a compressed file at all. */
  readonly #ifCorrupt: Wording;
  readonly #image: InspectedImage;
  #isClosed = false;
  /** Bytes of content received from the program. */
  #received = 0;
  /**
   * The limit of `#received`. When it is first exceeded, the stored bytes of the file are counted and the limit is set
   * accordingly.
   */
  #allowed = BASE_BYTES;
  /** How many bytes `readNext` has returned. */
  #size = 0;
  #head: Buffer = NOTHING;
  /** The bytes of the head that `readNext` has not returned yet. */
  #unread: Buffer = NOTHING;
  /** The last bytes that `readNext` has returned. */
  #tail: Buffer = NOTHING;

  readonly #release: (() => void) | undefined;

  /**
   * @param release lets the next file that needs more memory be opened; called when the disk is closed. Absent in the
   * first attempt.
   */
  constructor(
    image: InspectedImage,
    file: CompressedFile,
    running: RunningDecompressor,
    call: QemuCall,
    release?: () => void,
  ) {
    this.#release = release;
    this.#identity = identityOf(image);
    this.#image = image;
    this.#file = file;
    this.#running = running;
    this.#call = call;
    this.#ifCorrupt = wording`restore it from a good copy, or name it as ${namedInFormat(call.image, 'raw', undefined)} to compare its bytes as they are`;
  }

  get identity(): ImageIdentity {
    return this.#identity;
  }

  /**
   * Requires the first bytes to be those of a raw disk. If they are a LUKS header, adds the encryption to `identity`.
   * Call it before anything is read.
   *
   * @throws `refused` if the content is not a raw disk or the file's name states another format, and as `#fill`.
   */
  async requireRawHead(): Promise<void> {
    const head = Buffer.alloc(HEAD_BYTES);
    this.#head = head.subarray(0, await this.#fill(head));
    this.#unread = this.#head;
    const { isLuks } = this.#requireRaw();
    if (isLuks) {
      const encrypted = { encryption: 'ciphertext', ciphertext: [{ scheme: 'LUKS' }] } as const;
      this.#identity = { chain: this.#identity.chain.map((link) => ({ ...link, ...encrypted })) };
    }
  }

  async readNext(target: Uint8Array): Promise<number> {
    const fromHead = this.#unread.copy(target);
    this.#unread = this.#unread.subarray(fromHead);
    const length = fromHead + (await this.#fill(target.subarray(fromHead)));
    this.#size += length;
    const last = target.subarray(Math.max(0, length - TAIL_BYTES), length);
    this.#tail = Buffer.concat([this.#tail, last]).subarray(-TAIL_BYTES);
    if (length < target.length) {
      this.#requireRaw(this.#size);
    }
    return length;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running.program.stop();
    this.#release?.();
  }

  /**
   * Fills `target` with the program's next bytes. Returns their number, which is less than the length of `target` only
   * if the content ends there and the file is not damaged.
   *
   * @throws `MemoryLimitError` if, in the first attempt, the program needs too much memory before it has written any
   * bytes; `unavailable` if it needs too much memory otherwise, or writes too many bytes; as `toolError` if it ends
   * with another error or with a warning; as `storedBytesOf`; `unreadable` after `close`; `aborted`.
   */
  async #fill(target: Uint8Array): Promise<number> {
    this.#requireOpen();
    const length = await this.#running.program.read(target);
    this.#received += length;
    await this.#requireAllowedWork();
    if (length < target.length) {
      await this.#requireSuccess();
    }
    this.#requireOpen();
    return length;
  }

  async #requireSuccess(): Promise<void> {
    const { program, command, files } = this.#running;
    const exit = await program.exited;
    this.#requireOpen();
    if (NEEDS_MORE_MEMORY.test(exit.stderr)) {
      throw this.#memoryLimitError();
    }
    if (exit.exitCode !== 0 || exit.stderr !== '') {
      throw toolError(command, complaintOf(exit), files, this.#call, this.#ifCorrupt);
    }
  }

  /**
   * Creates the error for a file that needs too much memory. In the first attempt, if no bytes have been received, the
   * error is a `MemoryLimitError`, after which the file is opened a second time. Later, a second attempt would have to
   * begin again.
   */
  #memoryLimitError(): Error {
    if (this.#received === 0 && this.#release === undefined) {
      return new MemoryLimitError();
    }
    const found = 'it needs too much memory to be decompressed';
    return readError(this.#call, 'unavailable', `${found}; unpack it with ${unpack(this.#file, 'raw')} first`);
  }

  /**
   * Requires the content received so far to be within the limit for the file's stored bytes.
   *
   * @throws `unavailable` if the content is longer, and as `storedBytesOf`.
   */
  async #requireAllowedWork(): Promise<void> {
    if (this.#received <= this.#allowed) {
      return;
    }
    const stored = await storedBytesOf(this.#image, this.#call);
    this.#allowed = BASE_BYTES + stored * BYTES_PER_STORED_BYTE;
    if (this.#received > this.#allowed) {
      const found = `it expands to more than 1 GiB plus ${BYTES_PER_STORED_BYTE.toLocaleString('en')} times its ${stored} stored bytes`;
      throw readError(
        this.#call,
        'unavailable',
        `${found}; if you trust the image, unpack it with ${unpack(this.#file, 'raw')} first`,
      );
    }
  }

  #requireOpen(): void {
    throwIfAborted(this.#call.signal);
    if (this.#isClosed) {
      throw readError(this.#call, 'unreadable', 'it was closed');
    }
  }

  #requireRaw(size?: number): ReturnType<typeof requireRawContent> {
    try {
      return requireRawContent({ head: this.#head, tail: this.#tail }, this.#file, size);
    } catch (thrown) {
      throw thrown instanceof HeaderError ? readError(this.#call, thrown.code, thrown.wording, thrown.cause) : thrown;
    }
  }
}

/**
 * Returns the exit of a program with only the first line of its messages, which states the reason. A warning counts as
 * a failure, because it can mean that the program has left bytes unread.
 */
function complaintOf({ exitCode, signal, stderr }: ToolExit): ToolExit {
  const [first = ''] = stderr.split('\n');
  return {
    exitCode: exitCode === 0 ? 1 : exitCode,
    signal,
    stderr: first.replace(STANDARD_INPUT, '').replace(/[;:.]$/, ''),
  };
}
