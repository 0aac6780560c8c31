import { appendFile } from 'node:fs/promises';

/** Appends to a file until its file system is full. */
export async function fillFileSystem(path: string): Promise<void> {
  try {
    for (;;) {
      await appendFile(path, Buffer.alloc(2 ** 20, 1));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') {
      throw error;
    }
  }
}
