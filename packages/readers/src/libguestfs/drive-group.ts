import { setMaxListeners } from 'node:events';
import {
  type DiskImage,
  type IdentifiedSource,
  type ReadOptions,
  throwIfAborted,
  unlessAborted,
} from '@virt-similarity/core';
import { alsoEndedBy } from '@virt-similarity/image-tools';
import { decryptedImage } from '../luks/decrypted-image.js';
import { withUnwrittenZeros } from '../qemu/unwritten-sectors.js';
import { LibguestfsImage } from './libguestfs-image.js';
import { type SharedLaunchState, type StartedGroup, startGroup } from './start-group.js';

/**
 * Images that share an appliance. Opening the first image launches the appliance. The appliance ends when every image
 * has been opened at least once and no image is open; opening an image afterwards launches another appliance.
 */
export class DriveGroup {
  readonly #images: ReadonlyMap<string, IdentifiedSource>;
  readonly #options: ReadOptions;
  readonly #shared: SharedLaunchState;
  readonly #unopened: Set<string>;
  readonly #open = new Set<symbol>();
  #closing = new AbortController();
  #started: Promise<StartedGroup> | undefined;

  /** @param images the images by their keys */
  constructor(images: ReadonlyMap<string, IdentifiedSource>, options: ReadOptions, shared: SharedLaunchState) {
    this.#images = images;
    this.#options = options;
    this.#shared = shared;
    this.#unopened = new Set(images.keys());
  }

  /**
   * Opens one of the images. The caller closes it.
   *
   * @throws the image's own error; `unavailable` if no appliance starts or no run directory can be created; `aborted`.
   */
  async open(key: string, options: ReadOptions): Promise<DiskImage> {
    throwIfAborted(options.signal);
    const token = Symbol(key);
    this.#open.add(token);
    this.#unopened.delete(key);
    try {
      this.#started ??= this.#start();
      const { drives } = await unlessAborted(this.#started, options.signal);
      const drive = drives.get(key)!;
      if (drive.outcome === 'failed') {
        throw drive.error;
      }
      const { inspected, virtualSize, call, transfer } = drive;
      const own = options.signal === undefined ? call : alsoEndedBy(call, options.signal);
      const image = new LibguestfsImage(inspected, virtualSize, own, { transfer, release: () => this.#release(token) });
      return decryptedImage(withUnwrittenZeros(image, inspected.image, own), inspected.image.volumes, own);
    } catch (thrown) {
      await this.#release(token);
      throw thrown;
    }
  }

  /** Stops every process; pending reads fail. Idempotent. */
  async close(): Promise<void> {
    const started = this.#started;
    this.#closing.abort();
    this.#closing = new AbortController();
    this.#started = undefined;
    await started?.then(
      ({ stop }) => stop(),
      () => undefined,
    );
  }

  #start(): Promise<StartedGroup> {
    const { signal } = this.#options;
    const ends = AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])]);
    // Every process of the group adds a listener.
    setMaxListeners(0, ends);
    return startGroup(this.#images, { ...this.#options, signal: ends }, this.#shared);
  }

  async #release(token: symbol): Promise<void> {
    this.#open.delete(token);
    if (this.#open.size === 0 && this.#unopened.size === 0) {
      await this.close();
    }
  }
}
