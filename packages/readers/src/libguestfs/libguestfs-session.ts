import {
  type DiskImage,
  type DiskSource,
  type IdentifiedSource,
  type ImageIdentity,
  type ReaderSession,
  type ReadOptions,
  VirtSimilarityError,
} from '@virt-similarity/core';
import { DriveGroup } from './drive-group.js';
import type { SharedLaunchState } from './start-group.js';
import { COMPONENT } from './tools.js';

/**
 * The most images per appliance. libguestfs allows 255 drives, but with an emulated processor each drive adds a third
 * of a second to the launch. For more than a few dozen drives, a second appliance is hardly slower, and fewer processes
 * run at a time.
 */
export const DRIVES_PER_APPLIANCE = 64;

/** The images of one run, with up to `DRIVES_PER_APPLIANCE` images in an appliance. */
export class LibguestfsSession implements ReaderSession {
  readonly #groups = new Map<string, DriveGroup>();

  constructor(images: readonly IdentifiedSource[], options: ReadOptions, shared: SharedLaunchState) {
    for (const group of groupsOf(images)) {
      const driveGroup = new DriveGroup(group, options, shared);
      for (const key of group.keys()) {
        this.#groups.set(key, driveGroup);
      }
    }
  }

  /**
   * Opens an image that was passed to `startSession`. Finds it by the path and format of its source, and uses the
   * identity that was passed to `startSession`.
   *
   * @throws `usage` if the image was not passed to `startSession`, and as `DriveGroup.open`.
   */
  async open(source: DiskSource, _identity: ImageIdentity, options: ReadOptions): Promise<DiskImage> {
    const key = keyOf(source);
    const group = this.#groups.get(key);
    if (group === undefined) {
      const message = `[${COMPONENT}] cannot open ${source.path}: it was not passed to startSession; pass it`;
      throw new VirtSimilarityError('usage', message, { image: source.path });
    }
    return group.open(key, options);
  }

  /** Stops every process of the session. Idempotent. */
  async close(): Promise<void> {
    await Promise.all(Array.from(new Set(this.#groups.values()), (group) => group.close()));
  }
}

/**
 * Divides the images into one group for each appliance. The key of an image is the path and format of its source; each
 * key occurs once.
 */
export function groupsOf(images: readonly IdentifiedSource[]): Map<string, IdentifiedSource>[] {
  const entries = [...new Map(images.map((image) => [keyOf(image.source), image]))];
  const count = Math.ceil(entries.length / DRIVES_PER_APPLIANCE);
  return Array.from(
    { length: count },
    (_, index) => new Map(entries.slice(index * DRIVES_PER_APPLIANCE, (index + 1) * DRIVES_PER_APPLIANCE)),
  );
}

function keyOf({ path, format }: DiskSource): string {
  return JSON.stringify([path, format]);
}
