import type { FileHandle } from 'node:fs/promises';

/** Fills `target` with a file's bytes at `offset`. Returns how many were read: fewer only at the end of the file. */
export async function readUpTo(file: FileHandle, target: Uint8Array, offset: number): Promise<number> {
  let filled = 0;
  while (filled < target.length) {
    const { bytesRead } = await file.read(target, filled, target.length - filled, offset + filled);
    if (bytesRead === 0) {
      break;
    }
    filled += bytesRead;
  }
  return filled;
}
