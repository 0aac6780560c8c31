import { writeFile } from 'node:fs/promises';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { type ConvertOptions, convert, type WritableFormat } from '../../fixtures/qemu-images.js';
import type { Stage } from '../stage.js';

/** The size, in bytes, of the disk in a converted image. */
export const DISK_BYTES = 2 * 1024 * 1024;

/** Writes an image of a disk without blocks of zeros in one of qemu's formats. Returns the path of the image. */
export async function writeConverted(
  stage: Stage,
  name: string,
  format: WritableFormat,
  options?: ConvertOptions,
): Promise<string> {
  const raw = stage.image('content.bin');
  await writeFile(raw, deterministicBytes('content', DISK_BYTES));
  await convert(raw, stage.image(name), format, options);
  return stage.image(name);
}
