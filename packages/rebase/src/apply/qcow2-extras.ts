import { open } from 'node:fs/promises';
import { systemPath } from '@virt-similarity/core';

const HEADER_BYTES = 104;
const BITMAPS = 1n;

/**
 * Returns what a qcow2 file contains besides the disk, as names for messages: internal snapshots, bitmaps, both or
 * neither.
 */
export async function readQcow2Extras(path: string): Promise<string[]> {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = await open(systemPath(path), 'r');
  try {
    await file.read(header, 0, HEADER_BYTES, 0);
  } finally {
    await file.close();
  }
  const version = header.readUInt32BE(4);
  const hasSnapshots = header.readUInt32BE(60) > 0;
  const hasBitmaps = version > 2 && (header.readBigUInt64BE(88) & BITMAPS) !== 0n;
  return [...(hasSnapshots ? ['internal snapshots'] : []), ...(hasBitmaps ? ['bitmaps'] : [])];
}
