import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { systemPath } from '@virt-similarity/core';
import { messageOf, VirtSimilarityError } from '@virt-similarity/core/errors';

/**
 * Checks before any work that files can be written where the user wants them: in directories that exist, each once,
 * over no directory or device, and over no image. Throws `usage` or `refused`.
 */
export async function checkOutputFiles(paths: readonly string[], imagePaths: readonly string[]): Promise<void> {
  const seen = new Set<string>();
  const images = new Map<string, string>();
  for (const path of imagePaths) {
    images.set((await identityOf(path)) ?? '', path);
  }
  for (const path of paths) {
    const absolute = resolve(path);
    if (seen.has(absolute)) {
      throw new VirtSimilarityError('usage', `${path} would be written twice; give each output a name of its own`);
    }
    seen.add(absolute);
    await checkDirectory(path);
    const identity = await identityOf(path);
    const image = identity === undefined ? undefined : images.get(identity);
    if (image !== undefined) {
      throw new VirtSimilarityError('refused', `${path} would overwrite the image ${image}; choose another name`);
    }
  }
}

async function checkDirectory(path: string): Promise<void> {
  const directory = dirname(path);
  const status = await stat(systemPath(directory)).catch((error: unknown) => {
    throw new VirtSimilarityError('usage', `cannot write ${path}: ${messageOf(error)}`, { cause: error });
  });
  if (!status.isDirectory()) {
    throw new VirtSimilarityError('usage', `cannot write ${path}: ${directory} is no directory`);
  }
  const existing = await stat(systemPath(path)).catch(() => undefined);
  if (existing !== undefined && !existing.isFile()) {
    throw new VirtSimilarityError('usage', `cannot write ${path}: expected a regular file or a free name`);
  }
}

/** Device and inode of an existing file. */
async function identityOf(path: string): Promise<string | undefined> {
  const status = await stat(systemPath(path), { bigint: true }).catch(() => undefined);
  return status === undefined ? undefined : `${status.dev}:${status.ino}`;
}
