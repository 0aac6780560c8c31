import type { FileHandle } from 'node:fs/promises';

/** Fills `target` with the bytes at `offset` of a file and gives how many there were: fewer only where the file ends. */
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
