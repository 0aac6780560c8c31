import type { FileHandle } from 'node:fs/promises';

/**
 * Fills `target` with the bytes of a file from `offset` on. Returns their number, which is less than the length of
 * `target` only if the file ends there. Rejects with the errors of the file system.
 */
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
