import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VirtSimilarityError, wordingOf } from '@virt-similarity/core';
import { CONNECT_NBD_DEFAULTS, readError } from '@virt-similarity/image-tools';
import { ApplianceEnd } from './appliance-end.js';
import { download, type GuestfishCommand } from './guestfish-arguments.js';
import type { GuestfishServer } from './guestfish-server.js';
import { COMPONENT } from './tools.js';

/** Milliseconds that one transfer may take: no longer than any request to a server that may hang. */
const TRANSFER_TIMEOUT_MS = CONNECT_NBD_DEFAULTS.timeoutMs;

/** What guestfish reports once its appliance is gone. */
const APPLIANCE_GONE = /appliance closed the connection|killed by signal|exited with|call launch before using/;

/** A running appliance with its drives. Transfers are made one after the other, in the order they are asked for. */
export class Appliance {
  readonly #server: GuestfishServer;
  readonly #directory: string;
  #last: Promise<unknown> = Promise.resolve();
  #transfers = 0;
  /** Why nothing can be read any more. */
  #broken: ApplianceEnd | VirtSimilarityError | undefined;

  /** Takes over a guestfish whose appliance was launched; transfers pass through files in the directory, its own. */
  constructor(server: GuestfishServer, directory: string) {
    this.#server = server;
    this.#directory = directory;
  }

  /**
   * The `length` bytes from `start` on of drive `drive`; `image` is its name in errors.
   *
   * @throws ApplianceEnd where the appliance is gone or stuck: the same one whichever drive is asked for.
   * @throws `unreadable` where the drive cannot be read there, `aborted`.
   */
  transfer(drive: number, start: number, length: number, image: string): Promise<Uint8Array> {
    const transfer = this.#last.then(() => this.#transferNow(drive, start, length, image));
    this.#last = transfer.catch(() => undefined);
    return transfer;
  }

  /** Ends the appliance; pending transfers fail. Idempotent. */
  async close(): Promise<void> {
    this.#broken ??= new VirtSimilarityError('aborted', `[${COMPONENT}] interrupted: the appliance was ended`);
    await this.#server.stop();
    await this.#last;
  }

  async #transferNow(drive: number, start: number, length: number, image: string): Promise<Uint8Array> {
    if (this.#broken !== undefined) {
      throw this.#broken;
    }
    this.#transfers += 1;
    const path = join(this.#directory, `transfer-${this.#transfers}`);
    try {
      await this.#call(download(drive, start, length, path), drive, image);
      const bytes = await readFile(path).catch(() => Buffer.alloc(0));
      if (bytes.length !== length) {
        throw await this.#failure(drive, image, start, length);
      }
      return bytes;
    } finally {
      await rm(path, { force: true });
    }
  }

  async #call(command: GuestfishCommand, drive: number, image: string): Promise<void> {
    try {
      await this.#server.call([command], TRANSFER_TIMEOUT_MS);
    } catch (thrown) {
      // Whether guestfish is still at it or gone, it carries out nothing more.
      const isInterrupted = thrown instanceof VirtSimilarityError && thrown.code === 'aborted';
      throw this.#end(isInterrupted ? thrown : new ApplianceEnd(drive, image, wordingOf(thrown), thrown));
    }
  }

  async #failure(drive: number, image: string, start: number, length: number): Promise<Error> {
    const reason = (await this.#server.lastError()) ?? 'guestfish gave too few bytes';
    if (APPLIANCE_GONE.test(reason)) {
      return this.#end(new ApplianceEnd(drive, image, reason));
    }
    return readError(
      { component: COMPONENT, image },
      'unreadable',
      `somewhere from byte ${start} to ${start + length} the appliance could not read its drive (${reason}); ` +
        'check the image with qemu-img check',
    );
  }

  /** Has all further transfers fail like this one, unless some did before. */
  #end(reason: ApplianceEnd | VirtSimilarityError): ApplianceEnd | VirtSimilarityError {
    this.#broken ??= reason;
    return this.#broken;
  }
}
