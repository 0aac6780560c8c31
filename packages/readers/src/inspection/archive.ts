import { basename } from 'node:path';
import type { DiskSource } from '@virt-similarity/core';
import { recognize } from './decide-format.js';
import { isNamedAsArchive, isNamedAsImage } from './extensions.js';
import type { FileBytes } from './format-inspector.js';
import { type ArchivedFile, unpacking } from './format-remedy.js';
import { corrupt, HeaderError, inUserTerms, refused } from './header-error.js';
import { type LayerFile, openNamedFile, withFixedHead } from './layer-file.js';
import { partNameOf } from './split-disk.js';
import { isTarHeader, TAR, type TarFile, tarFiles } from './tar.js';

const HEAD_BYTES = 4096;
const BLOCK_BYTES = 512;

/** The most disks that are listed, because the headers of the archive are read again for each disk. */
const MAX_DISKS = 64;

/**
 * Returns the names of the disk images in a tar archive. A file is a disk image if it has the extension or the header
 * of a disk image. A name has no directories, unless several files in the archive have the same name without
 * directories. Returns `undefined` if the user did not name an archive, by its extension or by the format `tar`. Also
 * returns `undefined` if only the extension names an archive and the file is not a tar archive.
 *
 * @throws `refused` if the archive has no disk image, more than 64 of them, or content that `tarFiles` refuses;
 * `corrupt` if the archive is damaged, or if the stated format is `tar` and the file is no archive; and the errors of
 * opening and reading a file.
 */
export async function imagesInArchive(source: DiskSource): Promise<readonly string[] | undefined> {
  const { path, format } = source;
  if (format === undefined ? !isNamedAsArchive(path) : format !== TAR) {
    return undefined;
  }
  return inUserTerms(path, async () => {
    const file = await openNamedFile(source);
    try {
      return await imagesIn(file.bytes, source);
    } finally {
      await file.close();
    }
  });
}

/**
 * Returns `undefined` if no format is stated and the file is not an archive in spite of its name: a disk, or a
 * compressed archive.
 */
async function imagesIn(bytes: FileBytes, { path, format }: DiskSource): Promise<readonly string[] | undefined> {
  if (format === undefined && !isTarHeader(await bytes.read(0, BLOCK_BYTES))) {
    return undefined;
  }
  const files = await tarFiles(bytes);
  const images: TarFile[] = [];
  for (const file of files) {
    if (await isImage(file, bytes)) {
      images.push(file);
    }
  }
  if (images.length === 0) {
    const found =
      files.length === 0
        ? 'no file'
        : files
            .slice(0, 8)
            .map(({ name }) => JSON.stringify(name))
            .join(', ');
    throw refused(
      `it is an archive without disk images: expected files with the extension or header of a disk image, found ${found}; name an archive with disks`,
    );
  }
  if (images.length > MAX_DISKS) {
    throw refused(
      `it has ${images.length} disk images, the limit is ${MAX_DISKS}; unpack it with ${unpacking({ archive: path })}, and name its disks`,
    );
  }
  const names = files.map(({ name }) => basename(name));
  return [...new Set(images.map(({ name }) => (isUnique(basename(name), names) ? basename(name) : name)))];
}

async function isImage({ name, offset, length }: TarFile, bytes: FileBytes): Promise<boolean> {
  const whole = partNameOf(name)?.whole ?? name;
  if (isNamedAsImage(whole)) {
    return true;
  }
  const head = await bytes.read(offset, Math.min(length, HEAD_BYTES));
  return recognize({ head, tail: Buffer.alloc(0) }) !== undefined;
}

function isUnique(name: string, names: readonly string[]): boolean {
  return names.filter((other) => other === name).length === 1;
}

/**
 * Opens a file in a tar archive. The caller closes the returned file.
 *
 * @throws `HeaderError` as `openNamedFile` and `tarFiles`, and if the archive is not a tar archive, has no such file or
 * several, or ends before the file does.
 */
export async function openArchivedFile(
  { archive, member }: ArchivedFile,
  { noFollow }: Pick<DiskSource, 'noFollow'>,
): Promise<LayerFile> {
  const file = await openNamedFile({ path: archive, noFollow });
  try {
    if (!isTarHeader(await file.bytes.read(0, BLOCK_BYTES))) {
      throw missing('there is no such file, and the part before the colon is not a tar archive; check its name');
    }
    const files = await tarFiles(file.bytes);
    const { offset, length } = requireOne(member, files, archive);
    if (offset + length > file.bytes.size) {
      throw corrupt(
        `it has ${length} bytes, but the last ${offset + length - file.bytes.size} bytes are missing from its archive`,
      );
    }
    const read = (position: number, wanted: number) =>
      file.bytes.read(offset + position, Math.max(0, Math.min(wanted, length - position)));
    return {
      ...file,
      bytes: { name: basename(member), size: length, read: withFixedHead(read) },
      archived: { range: { offset, length }, names: files.map(({ name }) => basename(name)) },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function missing(message: string): HeaderError {
  return new HeaderError('unreadable', message);
}

/**
 * Returns the file with this name in the archive, or else the only file that has this name in some directory.
 *
 * @throws `HeaderError` if there is no such file, or more than one.
 */
function requireOne(member: string, files: readonly TarFile[], archive: string): TarFile {
  const exact = files.filter(({ name }) => name === member);
  const [file, second] = exact.length > 0 ? exact : files.filter(({ name }) => basename(name) === member);
  if (file === undefined) {
    throw missing('there is no file of this name in the archive; name the archive itself to read all of its disks');
  }
  if (second !== undefined) {
    throw refused(
      `the archive has several files of this name; unpack it with ${unpacking({ archive })}, which keeps the last one`,
    );
  }
  return file;
}
