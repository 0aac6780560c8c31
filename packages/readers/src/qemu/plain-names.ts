import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isEscaped, type Layer, systemPath } from '@virt-similarity/core';
import type { InspectedImage } from '../inspection/inspected-image.js';
import type { RunDirectory } from '../processes/run-directory.js';
import { readError, type Speaker } from '../reading/read-error.js';

/** Whether the paths of all files of a chain can be passed to a program: Node.js passes nothing but UTF-8. */
export function hasPlainNames(image: InspectedImage): boolean {
  const files = [image.file, ...image.extentFiles];
  return !files.some(({ path }) => isEscaped(path)) && (image.backing === undefined || hasPlainNames(image.backing));
}

/**
 * The same chain for programs to open: a symbolic link in the run directory stands for each file whose path is not UTF-8.
 *
 * @throws VirtSimilarityError `refused` where such a file has extents in others, which qemu looks for beside it.
 */
export async function withPlainNames(
  image: InspectedImage,
  runDirectory: RunDirectory,
  speaker: Speaker,
): Promise<InspectedImage> {
  if (hasPlainNames(image)) {
    return image;
  }
  const backing = image.backing && (await withPlainNames(image.backing, runDirectory, speaker));
  if (!hasPlainNames({ ...image, backing: undefined })) {
    requireNoExtents(image, speaker);
    return { ...image, backing, file: await linkTo(image.file, await runDirectory.makeDirectory()) };
  }
  return { ...image, backing };
}

function requireNoExtents({ file, extentFiles }: InspectedImage, speaker: Speaker): void {
  if (extentFiles.length > 0) {
    const found = `qemu is to find the extents of ${file.path} beside it, and cannot be told names that are not UTF-8`;
    throw readError(speaker, 'refused', `${found}; rename them and their directory`);
  }
}

async function linkTo(file: Layer, directory: string): Promise<Layer> {
  const path = join(directory, 'image');
  await symlink(systemPath(file.path), path);
  return { ...file, path };
}
