import { open, readdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { type Analyzer, fileKeyOf, fileNumberOf, fileStampsOf, pathText, systemPath } from '@virt-similarity/core';

const QCOW2_MAGIC = 0x5146_49fb;
const QED_MAGIC = 0x5145_4400;
/** The type of the header extension of qcow2 that names the data file. */
const DATA_FILE = 0x4441_5441;
/** The number of bytes at the start of a file that are searched for names. qemu-img writes names close to the start. */
const HEAD_BYTES = 65_536;

/** A file, and another file that it refers to, by their keys (see `fileKeyOf`). */
export interface FileUse {
  readonly path: string;
  readonly user: string;
  readonly used: string;
}

/**
 * Returns which files the images in some directories refer to: backing files, data files and extents. Searches the
 * headers of all regular files for the names that qcow, qcow2 and qed files contain, and identifies the images that
 * `findImages` finds. Leaves out subdirectories, symbolic links, and files that cannot be read. For any other format,
 * also leaves out images that cannot be identified, for example because they refer to files in another directory.
 *
 * @throws the errors of listing a directory, and `aborted`.
 */
export async function fileUsesIn(
  directories: Iterable<string>,
  analyzer: Analyzer,
  signal: AbortSignal,
): Promise<FileUse[]> {
  const found: FileUse[] = [];
  for (const directory of directories) {
    for (const entry of await readdir(systemPath(directory), { withFileTypes: true, encoding: 'buffer' })) {
      if (entry.isFile()) {
        const path = join(directory, pathText(entry.name));
        found.push(...(await usesInHeader(path).catch(() => [])));
      }
    }
    found.push(...(await usesOfImages(directory, analyzer, signal)));
  }
  return found;
}

async function usesOfImages(directory: string, analyzer: Analyzer, signal: AbortSignal): Promise<FileUse[]> {
  const options = { allowInUse: true, onNote: () => {}, signal };
  const uses: FileUse[] = [];
  for await (const outcome of analyzer.identify([directory], options)) {
    const [own, ...others] = outcome.identity === undefined ? [] : fileStampsOf(outcome.identity);
    if (own !== undefined) {
      uses.push(...others.map((other) => ({ path: own.path, user: fileKeyOf(own), used: fileKeyOf(other) })));
    }
  }
  return uses;
}

async function usesInHeader(path: string): Promise<FileUse[]> {
  const file = await open(systemPath(path), 'r');
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
    const user = fileKeyOf(fileNumberOf(await file.stat({ bigint: true })));
    const uses: FileUse[] = [];
    for (const name of namesIn(head.subarray(0, bytesRead)).flatMap(pathsIn)) {
      const target = isAbsolute(name) ? name : join(dirname(path), name);
      const status = await stat(systemPath(target), { bigint: true }).catch(() => undefined);
      if (status !== undefined) {
        uses.push({ path, user, used: fileKeyOf(fileNumberOf(status)) });
      }
    }
    return uses;
  } finally {
    await file.close();
  }
}

/** Returns the names of other files in the header of a qcow, qcow2 or qed file; none for other files. */
function namesIn(head: Buffer): string[] {
  if (head.length < 64) {
    return [];
  }
  if (head.readUInt32BE(0) === QED_MAGIC) {
    return [textAt(head, head.readUInt32LE(56), head.readUInt32LE(60))];
  }
  if (head.readUInt32BE(0) !== QCOW2_MAGIC) {
    return [];
  }
  const backing = textAt(head, Number(head.readBigUInt64BE(8)), head.readUInt32BE(16));
  return head.readUInt32BE(4) < 3 ? [backing] : [backing, ...dataFilesIn(head)];
}

function dataFilesIn(head: Buffer): string[] {
  const names: string[] = [];
  for (let at = head.readUInt32BE(100); at + 8 <= head.length; ) {
    const [type, length] = [head.readUInt32BE(at), head.readUInt32BE(at + 4)];
    if (type === 0) {
      break;
    }
    if (type === DATA_FILE) {
      names.push(textAt(head, at + 8, length));
    }
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return names;
}

function textAt(head: Buffer, start: number, length: number): string {
  return start === 0 ? '' : pathText(head.subarray(start, start + length));
}

/**
 * Returns the paths in a name that qemu wrote: for a name that begins with `json:`, the values of `filename`; otherwise
 * the name without the protocol `file:`.
 */
function pathsIn(name: string): string[] {
  if (name === '') {
    return [];
  }
  if (name.startsWith('json:')) {
    const paths: string[] = [];
    JSON.parse(name.slice('json:'.length), (key, value: unknown) => {
      if (/(?:^|\.)filename$/.test(key) && typeof value === 'string') {
        paths.push(value);
      }
      return value;
    });
    return paths;
  }
  return [name.replace(/^file:/, '')];
}
