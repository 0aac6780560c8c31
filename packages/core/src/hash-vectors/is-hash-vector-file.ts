import { openRegularFile, readExactly } from './regular-file.js';

const MAGIC = 'ARROW1';

/**
 * Whether a regular file begins as an Arrow IPC file does. What else it holds shows only on opening it.
 * Throws `unreadable`, or `refused` for anything other than a regular file.
 */
export async function isHashVectorFile(path: string): Promise<boolean> {
  const handle = await openRegularFile(path);
  try {
    const { size } = await handle.stat();
    if (size < MAGIC.length) return false;
    return hasMagic(await readExactly(handle, MAGIC.length, 0));
  } finally {
    await handle.close();
  }
}

/** Whether these six bytes are those with which an Arrow IPC file begins and ends. */
export function hasMagic(bytes: Uint8Array): boolean {
  return Buffer.from(bytes).toString('latin1') === MAGIC;
}
