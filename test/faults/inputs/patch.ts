import { open, truncate, writeFile } from 'node:fs/promises';

/** Bytes by the position to which they are written. */
export type Patches = Readonly<Record<number, Buffer>>;

/** Overwrites parts of a file, as a guest or a bad sector would. */
export async function patch(path: string, patches: Patches): Promise<void> {
  const file = await open(path, 'r+');
  try {
    for (const [position, bytes] of Object.entries(patches)) {
      await file.write(bytes, 0, bytes.length, Number(position));
    }
  } finally {
    await file.close();
  }
}

/** Writes a raw disk of `size` bytes that begins with `head`. */
export async function writeRawDisk(path: string, head: Buffer, size: number): Promise<void> {
  await writeFile(path, head);
  await truncate(path, size);
}

/** Encodes a 64-bit number in big-endian order. */
export function be64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
