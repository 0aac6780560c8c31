import { basename, extname } from 'node:path';

/** The formats that each extension states. */
const EXTENSIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['.raw', ['raw']],
  ['.qcow2', ['qcow2']],
  ['.qcow', ['qcow', 'qcow2']],
  ['.vmdk', ['vmdk']],
  ['.vdi', ['vdi']],
  ['.vhdx', ['vhdx']],
  ['.avhdx', ['vhdx']],
  ['.vhd', ['vpc']],
  ['.avhd', ['vpc']],
  ['.vpc', ['vpc']],
  ['.qed', ['qed']],
  ['.parallels', ['parallels']],
  ['.hdd', ['parallels']],
  ['.hds', ['parallels']],
  ['.dmg', ['dmg']],
  ['.luks', ['luks']],
]);

/** The compression formats of the extensions that follow another extension, as in `disk.img.gz`. */
const COMPRESSED_EXTENSIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['.gz', ['gzip']],
  ['.xz', ['xz']],
  ['.zst', ['zstd']],
  ['.bz2', ['bzip2']],
]);

/** Extensions of disk images of any format. */
const NEUTRAL_EXTENSIONS = new Set(['.img', '.bin', '.iso', '.dd', '.dsk', '.disk', '.image', '.ima', '.flp']);

/** The extensions of archives in which disks are exchanged. */
const EXCHANGE_EXTENSIONS = ['.ova', '.box'];

/** The extensions of archives whose disks are read. */
const ARCHIVE_EXTENSIONS = [...EXCHANGE_EXTENSIONS, '.tar'];

const DISK_EXTENSIONS: readonly string[] = [...EXTENSIONS.keys(), ...NEUTRAL_EXTENSIONS];

/**
 * The extensions of the files in a directory that count as images: disk images, and archives in which disks are
 * exchanged.
 */
export const IMAGE_EXTENSIONS: readonly string[] = [...DISK_EXTENSIONS, ...EXCHANGE_EXTENSIONS];

/** The ends of the names of compressed raw disks. */
export const COMPRESSED_DISK_EXTENSIONS: readonly string[] = ['.raw', ...NEUTRAL_EXTENSIONS].flatMap((extension) =>
  [...COMPRESSED_EXTENSIONS.keys()].map((compressed) => `${extension}${compressed}`),
);

/** The ends of the names of the first files of split raw disks. */
export const SPLIT_DISK_EXTENSIONS: readonly string[] = ['.raw', ...NEUTRAL_EXTENSIONS].flatMap((extension) =>
  ['.000', '.001', '.000000000', '.000000001'].map((number) => `${extension}${number}`),
);

/** Returns the formats that a name states by its extension; `undefined` if it states none. */
export function expectedFormats(path: string): readonly string[] | undefined {
  const extension = extensionOf(path);
  return EXTENSIONS.get(extension) ?? COMPRESSED_EXTENSIONS.get(extension);
}

/** Returns whether a name states that the file is an archive whose disks are read. */
export function isNamedAsArchive(path: string): boolean {
  return ARCHIVE_EXTENSIONS.includes(extensionOf(path));
}

/**
 * Returns whether a name states that the file is a disk image, or a disk image that is compressed by a known program.
 */
export function isNamedAsImage(path: string): boolean {
  const extension = extensionOf(path);
  const inside = COMPRESSED_EXTENSIONS.has(extension) ? extensionOf(path.slice(0, -extension.length)) : extension;
  return DISK_EXTENSIONS.includes(inside);
}

function extensionOf(path: string): string {
  return extname(basename(path)).toLowerCase();
}
