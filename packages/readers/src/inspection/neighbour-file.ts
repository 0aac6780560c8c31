import { constants } from 'node:fs';
import { dirname } from 'node:path';
import type { HeaderError } from './header-error.js';
import { type LayerFile, openPinnedFile, requireImageKind } from './layer-file.js';
import { PinnedPath } from './pinned-path.js';

/**
 * Opens the file of a fixed name in the directory of another file, without following a link. Returns `undefined` if
 * there is no file of that name. The caller closes the file.
 *
 * @param path the other file's path without symbolic links
 * @throws `HeaderError` if the file, or the directory, cannot be opened, or if the file is neither a regular file nor a
 * block device.
 */
export async function openNeighbour(path: string, name: string): Promise<LayerFile | undefined> {
  const directory = await PinnedPath.directory(dirname(path));
  try {
    const entry = await directory.entry(name, constants.O_NOFOLLOW).catch(undefinedIfMissing);
    return entry && (await openEntry(entry));
  } finally {
    await directory.close();
  }
}

function undefinedIfMissing(error: HeaderError): undefined {
  if ((error.cause as NodeJS.ErrnoException).code !== 'ENOENT') {
    throw error;
  }
}

async function openEntry(entry: PinnedPath): Promise<LayerFile> {
  try {
    requireImageKind(entry.stats);
    return await openPinnedFile(entry, await entry.realPath());
  } finally {
    await entry.close();
  }
}
