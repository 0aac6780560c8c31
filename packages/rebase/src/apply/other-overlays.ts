import { open, readdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { fileKeyOf, fileNumberOf, pathText, systemPath } from '@virt-similarity/core';

const QCOW2_MAGIC = 0x5146_49fb;
const HEADER_BYTES = 24;
const LONGEST_NAME = 1023;

/** A qcow2 file, and the key of the file that its header names as its backing file. */
export interface FoundOverlay {
  readonly path: string;
  readonly backing: string;
}

/**
 * Returns the qcow2 files in some directories whose backing file exists. Subdirectories, symbolic links and files that
 * cannot be read are left out.
 *
 * @throws the errors of listing a directory.
 */
export async function overlaysIn(directories: Iterable<string>): Promise<FoundOverlay[]> {
  const found: FoundOverlay[] = [];
  for (const directory of directories) {
    for (const entry of await readdir(systemPath(directory), { withFileTypes: true, encoding: 'buffer' })) {
      const path = join(directory, pathText(entry.name));
      const name = entry.isFile() ? await backingNameOf(path).catch(() => undefined) : undefined;
      if (name === undefined) {
        continue;
      }
      const target = isAbsolute(name) ? name : join(dirname(path), name);
      const status = await stat(systemPath(target), { bigint: true }).catch(() => undefined);
      if (status !== undefined) {
        found.push({ path, backing: fileKeyOf(fileNumberOf(status)) });
      }
    }
  }
  return found;
}

async function backingNameOf(path: string): Promise<string | undefined> {
  const file = await open(systemPath(path), 'r');
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    await file.read(header, 0, HEADER_BYTES, 0);
    const offset = Number(header.readBigUInt64BE(8));
    const length = header.readUInt32BE(16);
    if (header.readUInt32BE(0) !== QCOW2_MAGIC || offset === 0 || length > LONGEST_NAME) {
      return undefined;
    }
    const name = Buffer.alloc(length);
    await file.read(name, 0, length, offset);
    return pathText(name).replace(/^file:/, '');
  } finally {
    await file.close();
  }
}
