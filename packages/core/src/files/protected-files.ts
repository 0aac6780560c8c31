import type { FileStamp } from '../contracts/disk-image.js';
import { type FileNumber, fileKeyOf } from '../identity/stamp.js';

/** Files that must not be replaced, by device and inode, so that they are protected under all of their names. */
export class ProtectedFiles {
  readonly #paths = new Map<string, string>();

  add(file: FileNumber & Pick<FileStamp, 'path'>): void {
    this.#paths.set(fileKeyOf(file), file.path);
  }

  /** Returns the path under which a file was added; `undefined` for other files. */
  pathOf(file: FileNumber): string | undefined {
    return this.#paths.get(fileKeyOf(file));
  }
}
