import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { DiskImage, DiskSource, Extent, ImageIdentity, Layer, ReadOptions } from '@virt-similarity/core';
import { type ErrorCode, messageOf, VirtSimilarityError } from '@virt-similarity/core';
import { identityOf } from '../inspection/identity-of.js';
import type { InspectedImage } from '../inspection/inspected-image.js';
import { findProgram } from '../processes/find-program.js';
import { QEMU_IMG } from '../processes/tool.js';
import { mapHoles } from './map-holes.js';

const BYTES_PER_ALLOCATED_BLOCK = 512;

/** An open raw image: the file's bytes are the guest's. */
export class RawImage implements DiskImage {
  readonly virtualSize: number;
  readonly identity: ImageIdentity;
  readonly #handle: FileHandle;
  readonly #source: DiskSource;
  readonly #options: ReadOptions;
  readonly #isDevice: boolean;
  #closed: Promise<void> | undefined;

  private constructor(handle: FileHandle, source: DiskSource, inspected: InspectedImage, options: ReadOptions) {
    this.#handle = handle;
    this.#source = source;
    this.#options = options;
    this.#isDevice = inspected.isDevice;
    this.identity = identityOf(inspected);
    this.virtualSize = Number(inspected.file.size);
  }

  /** Opens an inspected raw image, and makes sure that it is still the same file. */
  static async open(source: DiskSource, inspected: InspectedImage, options: ReadOptions): Promise<RawImage> {
    const { path } = inspected.file;
    let handle: FileHandle;
    try {
      handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (cause) {
      throw failure(source, 'unreadable', `cannot open ${source.path}: ${messageOf(cause)}`, cause);
    }
    try {
      await requireSame(handle, inspected.file, source);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new RawImage(handle, source, inspected, options);
  }

  async *extents(): AsyncGenerator<Extent> {
    if (this.virtualSize === 0) {
      return;
    }
    if (await this.#canMapHoles()) {
      yield* await mapHoles(this.#handle.fd, this.virtualSize, this.#source, this.#options);
    } else {
      yield { kind: 'data', start: 0, length: this.virtualSize, stored: { layer: 0, offset: 0 } };
    }
  }

  async read(target: Uint8Array, position: number): Promise<void> {
    const end = position + target.length;
    if (!Number.isSafeInteger(position) || position < 0 || end > this.virtualSize) {
      throw this.#failure('usage', `bytes ${position} to ${end} are not within its ${this.virtualSize} bytes`);
    }
    for (let filled = 0; filled < target.length; ) {
      const bytesRead = await this.#readSome(target, filled, position + filled);
      if (bytesRead === 0) {
        throw this.#failure('changed', `the file ends at byte ${position + filled}, it had ${this.virtualSize} bytes`);
      }
      filled += bytesRead;
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#handle.close();
    return this.#closed;
  }

  async #readSome(target: Uint8Array, filled: number, position: number): Promise<number> {
    try {
      return (await this.#handle.read(target, filled, target.length - filled, position)).bytesRead;
    } catch (cause) {
      throw this.#failure('unreadable', `at byte ${position}: ${messageOf(cause)}`, cause);
    }
  }

  async #canMapHoles(): Promise<boolean> {
    if (this.#isDevice) {
      return false;
    }
    const { blocks } = await this.#handle.stat();
    return blocks * BYTES_PER_ALLOCATED_BLOCK < this.virtualSize && (await findProgram(QEMU_IMG.command)) !== undefined;
  }

  #failure(code: ErrorCode, reason: string, cause?: unknown): VirtSimilarityError {
    return failure(this.#source, code, `cannot read ${this.#source.path}: ${reason}`, cause);
  }
}

async function requireSame(handle: FileHandle, layer: Layer, source: DiskSource): Promise<void> {
  const { dev, ino } = await handle.stat({ bigint: true });
  if (dev !== layer.device || ino !== layer.inode) {
    throw failure(source, 'changed', `cannot open ${source.path}: another file has taken its place`);
  }
}

function failure({ path }: DiskSource, code: ErrorCode, message: string, cause?: unknown): VirtSimilarityError {
  return new VirtSimilarityError(code, `[raw] ${message}`, { image: path, cause });
}
