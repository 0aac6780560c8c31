import type { BigIntStats } from 'node:fs';
import type { Layer } from '../contracts/disk-image.js';

/** Files that must not be replaced, by device and inode, so that no other name of theirs is replaced either. */
export class ProtectedFiles {
  readonly #paths = new Map<string, string>();

  add({ device, inode, path }: Pick<Layer, 'device' | 'inode' | 'path'>): void {
    this.#paths.set(`${device}:${inode}`, path);
  }

  /** The path under which a file was added; `undefined` for other files. */
  pathOf({ dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>): string | undefined {
    return this.#paths.get(`${dev}:${ino}`);
  }
}
