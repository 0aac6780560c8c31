import { basename } from 'node:path';
import { wording } from '@virt-similarity/core';
import { chainOf, type InspectedImage, readError, type Speaker, StoredBytes } from '@virt-similarity/image-tools';
import type { FileBytes } from './format-inspector.js';
import { FORMATS } from './formats.js';
import { HeaderError } from './header-error.js';
import { expectedFilesOf } from './identity-of.js';

/**
 * Requires the tables of all images of a chain to lie within their files, as far as headers lead to them. qemu reads a
 * missing part of a table as zeros, so the disk would seem to have no data.
 *
 * @throws `corrupt`, or as `StoredBytes.read`.
 */
export async function requireTables(top: InspectedImage, speaker: Speaker): Promise<void> {
  const files = expectedFilesOf(top);
  const stored = new StoredBytes(files, speaker);
  try {
    for (const image of chainOf(top)) {
      const index = files.findIndex(({ stamp }) => stamp === image.file);
      await requireTablesOf(image, bytesOf(stored, index, image), speaker);
    }
  } finally {
    await stored.close();
  }
}

async function requireTablesOf({ format, file }: InspectedImage, bytes: FileBytes, speaker: Speaker): Promise<void> {
  try {
    await FORMATS.find((inspector) => inspector.format === format)?.requireTables?.(bytes);
  } catch (error) {
    throw error instanceof HeaderError
      ? readError(speaker, error.code, wording`${file.path}: ${error.wording}`)
      : error;
  }
}

function bytesOf(stored: StoredBytes, index: number, { file }: InspectedImage): FileBytes {
  return {
    name: basename(file.path),
    size: Number(file.size),
    read: async (position, length) => {
      const bytes = Buffer.alloc(length);
      await stored.read(index, bytes, position);
      return bytes;
    },
  };
}
