import { constants } from 'node:fs';
import { basename, dirname, isAbsolute } from 'node:path';
import { type ReadOptions, wording } from '@virt-similarity/core';
import { refused } from './header-error.js';
import { type LayerFile, openPinnedFile, requireImageKind } from './layer-file.js';
import { PinnedPath } from './pinned-path.js';

/** The places where files that a header names are allowed. */
export type ReferencePolicy = Pick<ReadOptions, 'allowedDirectories' | 'allowedTrees'>;

/** A file that a header names. */
export interface ReferencedFile extends LayerFile {
  /**
   * The path at which the file was found, with the directory's symbolic links resolved. Names in the file's own header
   * are relative to the directory of this path.
   */
  readonly path: string;
}

/**
 * Opens the file that a header names, relative to the directory of the file with the header, as qemu does. Only plain
 * paths are followed, and only to
 *
 * - regular files directly in an allowed directory, unless their names begin with a dot,
 * - regular files and block devices anywhere below an allowed tree,
 * - regular files and block devices below an allowed tree, through a symbolic link. The link must be directly in an
 *   allowed directory, with a name that does not begin with a dot, or below an allowed tree.
 *
 * The file is looked up in its directory once, so the file that is checked is the file that is opened. The caller
 * closes the file.
 *
 * @throws `HeaderError` if the name is not a plain path, if the file is not allowed or of another kind, or if it cannot
 * be opened.
 */
export async function openReferencedFile(
  name: string,
  headerPath: string,
  policy: ReferencePolicy,
): Promise<ReferencedFile> {
  requirePlainPath(name);
  // Not normalized, because only the kernel knows what `..` means after a symbolic link.
  const path = isAbsolute(name) ? name : `${dirname(headerPath)}/${name}`;
  const directory = await PinnedPath.directory(dirname(path));
  try {
    const realDirectory = await directory.realPath();
    return await openEntry(directory, { directory: realDirectory, name: basename(path) }, policy);
  } finally {
    await directory.close();
  }
}

/** The location of a file: its directory, without symbolic links, and its name there. */
interface Location {
  readonly directory: string;
  readonly name: string;
}

async function openEntry(directory: PinnedPath, location: Location, policy: ReferencePolicy): Promise<ReferencedFile> {
  const path = pathOf(location);
  const entry = await directory.entry(location.name, constants.O_NOFOLLOW);
  try {
    if (entry.stats.isSymbolicLink()) {
      return { ...(await openLinked(directory, location, policy)), path };
    }
    requireImageKind(entry.stats);
    requireAllowed(location, entry.stats.isBlockDevice() ? 'device' : 'file', policy);
    return { ...(await openPinnedFile(entry, path)), path };
  } finally {
    await entry.close();
  }
}

async function openLinked(directory: PinnedPath, link: Location, policy: ReferencePolicy): Promise<LayerFile> {
  const target = await directory.entry(link.name);
  try {
    requireImageKind(target.stats);
    const realPath = await target.realPath();
    requireAllowedLink(link, { directory: dirname(realPath), name: basename(realPath) }, policy);
    return await openPinnedFile(target, realPath);
  } finally {
    await target.close();
  }
}

function requirePlainPath(name: string): void {
  if (/^[A-Za-z]:\\|^\\\\/.test(name)) {
    throw refused(
      "it is a Windows path, which does not exist on this machine; replace it with the file's path on this machine",
    );
  }
  // As in qemu's path_has_protocol: a colon before the first slash. This includes `json:`.
  if (/^[^/:]*:/.test(name)) {
    throw refused(
      'it is not a plain file path, and URLs and `json:` names are not followed; convert the image with the program that made it',
    );
  }
}

function requireAllowed(location: Location, kind: 'file' | 'device', policy: ReferencePolicy): void {
  if (isInTree(location, policy) || (kind === 'file' && isInDirectory(location, policy))) {
    return;
  }
  const { directory, name } = location;
  if (!policy.allowedDirectories.includes(directory)) {
    throw notAllowed('it is not directly in the directory of a named image', directory);
  }
  throw notAllowed(
    kind === 'device' ? 'it is a block device' : `it is a hidden file, ${JSON.stringify(name)}`,
    directory,
  );
}

function requireAllowedLink(link: Location, target: Location, policy: ReferencePolicy): void {
  const missing = [
    ...(isInTree(link, policy) || isInDirectory(link, policy) ? [] : [link.directory]),
    ...(isInTree(target, policy) ? [] : [target.directory]),
  ];
  if (missing.length > 0) {
    throw notAllowed(`it is a symbolic link to ${JSON.stringify(pathOf(target))}`, ...new Set(missing));
  }
}

function notAllowed(found: string, ...directories: readonly string[]): Error {
  const remedy = { option: 'allowBacking', value: directories };
  return refused(wording`${found}; if you know that the files belong together, pass ${remedy}`);
}

function isInDirectory({ directory, name }: Location, { allowedDirectories }: ReferencePolicy): boolean {
  return allowedDirectories.includes(directory) && !name.startsWith('.');
}

function isInTree({ directory }: Location, { allowedTrees = [] }: ReferencePolicy): boolean {
  return allowedTrees.some((tree) => directory === tree || directory.startsWith(tree === '/' ? tree : `${tree}/`));
}

function pathOf({ directory, name }: Location): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}
