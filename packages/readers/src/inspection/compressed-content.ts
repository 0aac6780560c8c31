import { basename } from 'node:path';
import { shellWord, type Wording, wording } from '@virt-similarity/core';
import { LUKS } from '@virt-similarity/image-tools';
import { type Compression, containerOf, TAR_ARCHIVE } from './containers.js';
import { recognize } from './decide-format.js';
import { expectedFormats } from './extensions.js';
import type { FileEnds } from './format-inspector.js';
import { refused } from './header-error.js';
import { isTextFile } from './plain-text.js';
import { TAR } from './tar.js';

/** A compressed file. */
export interface CompressedFile {
  /** The path as the user wrote it. */
  readonly path: string;
  readonly compression: Compression;
}

/** The commands that decompress to standard output. */
const COMMANDS: Readonly<Record<Compression, string>> = {
  gzip: 'gzip -dc',
  xz: 'xz -dc',
  zstd: 'zstd -dc',
  bzip2: 'bzip2 -dc',
};
const EXTENSION = /\.(?:gz|xz|zst|bz2)$/i;

/**
 * Requires the content of a compressed file to be a raw disk, because images of other formats need random access.
 * Returns whether the disk is encrypted with LUKS, in which case it cannot be decrypted here.
 *
 * @param ends the first bytes of the content, and its last bytes if it was read to its end
 * @param size bytes of the content; `undefined` unless it was read to its end
 * @throws `HeaderError` if the content is an image of another format, a container or, if its size is known, text; also
 * if the file's name states another format.
 */
export function requireRawContent(
  ends: FileEnds,
  file: CompressedFile,
  size?: number | undefined,
): { readonly isLuks: boolean } {
  const name = basename(file.path).replace(EXTENSION, '');
  const found = recognize(ends)?.format;
  if (found !== undefined && found !== LUKS) {
    throw refused(holds(`a ${found} image, which cannot be read through compression`, unpack(file, found)));
  }
  const container = containerOf(ends.head);
  if (container !== undefined) {
    const format = container.what === TAR_ARCHIVE ? TAR : 'out';
    throw refused(holds(`${container.what.replace(/^compressed/, 'a file $&')}, not a disk`, unpack(file, format)));
  }
  const expected = expectedFormats(name)?.filter((format) => format !== 'raw');
  if (expected?.[0] !== undefined) {
    // A fixed vhd or a dmg can be recognized only by its end.
    const what = `a ${expected.join(' or ')} image by its name, which cannot be read through compression`;
    throw refused(holds(what, unpack(file, expected[0])));
  }
  if (size !== undefined && isTextFile(ends.head, size)) {
    throw refused(holds('text, not a disk', unpack(file, 'raw')));
  }
  return { isLuks: found === LUKS };
}

function holds(what: string, command: string): Wording {
  return wording`it is compressed and holds ${what}; unpack it with ${command} first`;
}

/**
 * Returns the shell command that decompresses a file into a new file. The name of the new file is the old name without
 * the extension of the compression or, if the old name has no such extension, the old name with the extension `format`.
 */
export function unpack({ path, compression }: CompressedFile, format: string): string {
  const target = EXTENSION.test(path) ? path.replace(EXTENSION, '') : `${path}.${format}`;
  return `${COMMANDS[compression]} ${shellWord(path)} > ${shellWord(target)}`;
}
