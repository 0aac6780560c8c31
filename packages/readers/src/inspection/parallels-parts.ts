import { constants } from 'node:fs';
import { PARALLELS_DESCRIPTOR } from './formats/parallels-descriptor.js';
import { PinnedPath } from './pinned-path.js';

const BUNDLE_FILE = /\.hdd$/i;
const IMAGE = /\.hds$/i;

/**
 * Returns the empty files of a Parallels bundle, each with the name of the bundle's image. In the directory `win.hdd/`,
 * Parallels Desktop keeps an empty file `win.hdd` beside the descriptor and the image. Returns none for any other
 * directory. Never throws.
 *
 * @param names names of the files in the directory
 */
export async function parallelsPartsIn(
  directory: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const image = names.find((name) => IMAGE.test(name));
  const parts = new Map<string, string>();
  if (image === undefined || (await sizeOfFile(directory, PARALLELS_DESCRIPTOR)) === undefined) {
    return parts;
  }
  for (const name of names.filter((each) => BUNDLE_FILE.test(each))) {
    if ((await sizeOfFile(directory, name)) === 0n) {
      parts.set(name, image);
    }
  }
  return parts;
}

/** Returns the size of a regular file in bytes; `undefined` if there is no such regular file. */
async function sizeOfFile(directory: string, name: string): Promise<bigint | undefined> {
  try {
    const pinned = await PinnedPath.lookUp(`${directory}/${name}`, constants.O_NOFOLLOW);
    await pinned.close();
    return pinned.stats.isFile() ? pinned.stats.size : undefined;
  } catch {
    return undefined;
  }
}
