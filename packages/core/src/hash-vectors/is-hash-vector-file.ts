import { closeRegularFile, openRegularFileLater, readExactlyLater } from './regular-file.js';

const EXTENSION = '.arrow';
const MAGIC = Buffer.from('ARROW1');

/**
 * Whether a regular file is named as a hash vector, or begins as an Arrow IPC file does. What else it holds shows only on opening it.
 * Throws `unreadable`, or `refused` for anything other than a regular file.
 */
export async function isHashVectorFile(path: string): Promise<boolean> {
  const file = await openRegularFileLater(path);
  const { descriptor, stats } = file;
  try {
    if (path.toLowerCase().endsWith(EXTENSION)) return true;
    if (stats.size < MAGIC.length) return false;
    const beginning = new Uint8Array(MAGIC.length);
    await readExactlyLater(descriptor, beginning, 0);
    return hasMagic(beginning);
  } finally {
    await closeRegularFile(file);
  }
}

/** Whether these six bytes are those with which an Arrow IPC file begins and ends. */
export function hasMagic(bytes: Uint8Array): boolean {
  return MAGIC.equals(bytes);
}
