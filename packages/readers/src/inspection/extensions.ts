import { basename, extname } from 'node:path';

/** The formats of each extension. */
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

/** The formats of the extensions that follow another one, as in `disk.img.gz`. */
const COMPRESSED_EXTENSIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['.gz', ['gzip']],
  ['.xz', ['xz']],
  ['.zst', ['zstd']],
  ['.bz2', ['bzip2']],
]);

/** Extensions of disk images of any format. */
const NEUTRAL_EXTENSIONS = new Set(['.img', '.bin', '.iso', '.dd', '.dsk', '.disk', '.image', '.ima', '.flp']);

/** The extensions of disk images. */
export const IMAGE_EXTENSIONS: readonly string[] = [...EXTENSIONS.keys(), ...NEUTRAL_EXTENSIONS];

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

function extensionOf(path: string): string {
  return extname(basename(path)).toLowerCase();
}
