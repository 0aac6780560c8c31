import {
  absolutePath,
  type DiskSource,
  type Layer,
  type ReadOptions,
  throwIfAborted,
  VirtSimilarityError,
} from '@virt-similarity/core';
import { HeaderError, inContext, refused } from './header-error.js';
import { type ImageToInspect, type InspectedFile, inspectFile } from './inspect-file.js';
import type { InspectedImage } from './inspected-image.js';
import { tooLarge } from './largest-disk.js';
import { resolveReference } from './reference-path.js';

/** Images of a chain at most; each costs qemu memory and stack. */
const MAX_CHAIN_LENGTH = 64;

/**
 * Finds an image's format and every file that its content comes from by reading headers only, and checks both against
 * the policy. Starts no process and keeps nothing open. `options.warn` is told of every file that is taken for what its
 * header alone says.
 *
 * @throws VirtSimilarityError `refused`, `corrupt`, `unreadable`, `usage` for an unknown stated format, `aborted`.
 */
export async function inspect(source: DiskSource, options: ReadOptions): Promise<InspectedImage> {
  try {
    return await inspectChain(namedImage(source), [], options);
  } catch (error) {
    if (!(error instanceof HeaderError)) {
      throw error;
    }
    const message = `cannot open ${source.path}: ${error.message}`;
    throw new VirtSimilarityError(error.code, message, { image: source.path, cause: error.cause });
  }
}

function namedImage({ path, format }: DiskSource): ImageToInspect {
  return { path: absolutePath(path), stated: format, statedBy: 'user' };
}

/** Inspects an image and what backs it; `above` are the files of the overlays that led here, top first. */
async function inspectChain(
  image: ImageToInspect,
  above: readonly Layer[],
  options: ReadOptions,
): Promise<InspectedImage> {
  throwIfAborted(options.signal);
  const { header, note, ...inspected } = await inContext(describe(image), async () =>
    requireAllowedSize(await inspectFile(image, options), options),
  );
  requireShortChain(inspected.file, above);
  if (note !== undefined) {
    options.warn?.(`${inspected.file.path}: ${note}`);
  }
  if (header.backing === undefined) {
    return { ...inspected, backing: undefined };
  }
  const { name, format } = header.backing;
  const next = { reference: name, stated: format, statedBy: 'overlay' } as const;
  const path = await inContext(describe(next), () => resolveReference(name, image.path, options.allowedDirectories));
  return { ...inspected, backing: await inspectChain({ ...next, path }, [...above, inspected.file], options) };
}

/** Where only qemu knows how large a disk is, `virtualSizeOf` sees to it. */
function requireAllowedSize(file: InspectedFile, options: ReadOptions): InspectedFile {
  const problem = tooLarge(file.virtualSize ?? 0, options);
  if (problem !== undefined) {
    throw refused(problem);
  }
  return file;
}

function requireShortChain(file: Layer, above: readonly Layer[]): void {
  if (above.some(({ device, inode }) => device === file.device && inode === file.inode)) {
    throw refused(`its chain of backing files comes back to ${file.path}; rebase it onto another file`);
  }
  if (above.length >= MAX_CHAIN_LENGTH) {
    throw refused(
      `its chain of backing files is longer than ${MAX_CHAIN_LENGTH} images; shorten it with qemu-img convert`,
    );
  }
}

/** Says in a message which file of the chain it is about. */
function describe({ reference }: Pick<ImageToInspect, 'reference'>): (message: string) => string {
  return (message) =>
    reference === undefined ? message : `its backing file ${JSON.stringify(reference)} cannot be used: ${message}`;
}
