import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import type { DiskSource } from '../contracts/disk-reader.js';
import { messageOf, VirtSimilarityError } from '../errors.js';
import { pathText, systemPath } from '../paths/path-text.js';
import { RealPaths } from './real-paths.js';
import { takeTurns } from './take-turns.js';

/** Endings that disk images and hash-vector files in a directory are known by. */
const IMAGE_EXTENSIONS = new Set(
  '.arrow .dd .dmg .hdd .img .iso .qcow .qcow2 .qed .raw .vdi .vhd .vhdx .vmdk .vpc'.split(' '),
);

/** Files that belong to a VMDK descriptor beside them, and are no images of their own. */
const VMDK_PART = /-(flat|delta|ctk|sesparse|[sf]\d{3}|\d{6}-delta)\.vmdk$/i;

/** The sources of a run, and where their layers may lie. */
export interface FoundImages {
  readonly sources: readonly DiskSource[];
  /**
   * The directories that the sources lie in, absolute, symbolic links resolved; where a source is itself a link,
   * that of the link and that of the file, as names within an image count from the one that was opened.
   */
  readonly directories: readonly string[];
}

/**
 * Replaces directories by the images in them, in the order of their names, without descending into further directories
 * or following symbolic links. A path that cannot be looked at stays, as does a directory without images, and fails when it is opened.
 * Throws `usage` where an image is given twice.
 */
export async function findImages(images: readonly (string | DiskSource)[]): Promise<FoundImages> {
  const sources: DiskSource[] = [];
  const directories = new Set<string>();
  const parents = new Set<string>();
  const named = new Map<string, string>();
  const realPaths = new RealPaths();
  for (const image of images) {
    const source = typeof image === 'string' ? { path: image } : image;
    const content = await imagesInDirectory(source.path);
    for (const path of content ?? [source.path]) {
      await takeTurns();
      const real = unlessMissing(() => realPaths.of(path));
      const earlier = named.get(real ?? path);
      if (earlier !== undefined && content === undefined) throw givenTwice(earlier, path);
      if (earlier !== undefined) continue;
      sources.push({ ...source, path });
      named.set(real ?? path, path);
      if (real === undefined) continue;
      directories.add(dirname(real));
      parents.add(dirname(path));
    }
  }
  for (const parent of parents) directories.add(realPaths.ofDirectory(parent));
  return { sources, directories: [...directories] };
}

function givenTwice(earlier: string, path: string): VirtSimilarityError {
  const found = earlier === path ? `${path} is given twice` : `${path} and ${earlier} are the same file`;
  return new VirtSimilarityError('usage', `${found}; name each image once`, { image: path });
}

/** The images in a directory; nothing where the path is none, or holds none and so is refused as an image. */
async function imagesInDirectory(path: string): Promise<string[] | undefined> {
  const status = unlessMissing(() => statSync(systemPath(path)));
  if (!status?.isDirectory()) return undefined;
  const options = { withFileTypes: true, encoding: 'buffer' } as const;
  const entries = await readdir(systemPath(path), options).catch((cause: unknown) => {
    throw new VirtSimilarityError('unreadable', `cannot list ${path}: ${messageOf(cause)}`, { image: path, cause });
  });
  const files = entries.filter((entry) => entry.isFile());
  const names = files.map((file) => pathText(file.name)).filter(isImageName);
  if (names.length === 0) return undefined;
  return names.toSorted().map((name) => join(path, name));
}

/** What the call returns; nothing where the system does not let it. */
function unlessMissing<Result>(call: () => Result): Result | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}

function isImageName(name: string): boolean {
  return IMAGE_EXTENSIONS.has(extname(name).toLowerCase()) && !VMDK_PART.test(name);
}
