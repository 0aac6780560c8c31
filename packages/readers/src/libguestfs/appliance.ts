import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VirtSimilarityError, wordingOf } from '@virt-similarity/core';
import { CONNECT_NBD_DEFAULTS, readError } from '@virt-similarity/image-tools';
import { ApplianceEnd } from './appliance-end.js';
import { download, type GuestfishCommand } from './guestfish-arguments.js';
import type { GuestfishServer } from './guestfish-server.js';
import { COMPONENT } from './tools.js';

/** Milliseconds that one transfer may take: the same limit as for a request to an NBD server, which can hang too. */
const TRANSFER_TIMEOUT_MS = CONNECT_NBD_DEFAULTS.timeoutMs;

/** guestfish's messages after its appliance has ended. */
const APPLIANCE_GONE = /appliance closed the connection|killed by signal|exited with|call launch before using/;

/** A running appliance with its drives. Transfers run one at a time, in the order of the calls. */
export class Appliance {
  readonly #server: GuestfishServer;
  readonly #directory: string;
  #last: Promise<unknown> = Promise.resolve();
  #transfers = 0;
  /** The reason why no further transfer is possible; `undefined` as long as transfers are possible. */
  #broken: ApplianceEnd | VirtSimilarityError | undefined;

  /**
   * Takes over a guestfish whose appliance is running. Transfers pass through files in `directory`, which nothing else
   * uses.
   */
  constructor(server: GuestfishServer, directory: string) {
    this.#server = server;
    this.#directory = directory;
  }

  /**
   * Returns the `length` bytes at `start` of the drive with index `drive`. `image` is the name of the drive's image in
   * errors.
   *
   * @throws `ApplianceEnd` if the appliance has ended or hangs: the same error for every drive.
   * @throws `unreadable` if the appliance cannot read these bytes of the drive; `aborted` if interrupted or after
   * `close`.
   */
  transfer(drive: number, start: number, length: number, image: string): Promise<Uint8Array> {
    const transfer = this.#last.then(() => this.#transferNow(drive, start, length, image));
    this.#last = transfer.catch(() => undefined);
    return transfer;
  }

  /** Stops the appliance; pending transfers fail. Idempotent. */
  async close(): Promise<void> {
    this.#broken ??= new VirtSimilarityError('aborted', `[${COMPONENT}] interrupted: the appliance was stopped`);
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
      // guestfish either hangs or has ended, so it runs no further commands.
      const isInterrupted = thrown instanceof VirtSimilarityError && thrown.code === 'aborted';
      throw this.#end(isInterrupted ? thrown : new ApplianceEnd(drive, image, wordingOf(thrown), thrown));
    }
  }

  async #failure(drive: number, image: string, start: number, length: number): Promise<Error> {
    const reason = (await this.#server.lastError()) ?? 'guestfish returned too few bytes';
    if (APPLIANCE_GONE.test(reason)) {
      return this.#end(new ApplianceEnd(drive, image, reason));
    }
    return readError(
      { component: COMPONENT, image },
      'unreadable',
      `the appliance could not read its drive somewhere between bytes ${start} and ${start + length} (${reason}); ` +
        'check the image and its storage',
    );
  }

  /**
   * Makes all further transfers fail with this error, unless they already fail with an earlier error. Returns the error
   * with which they fail.
   */
  #end(reason: ApplianceEnd | VirtSimilarityError): ApplianceEnd | VirtSimilarityError {
    this.#broken ??= reason;
    return this.#broken;
  }
}
