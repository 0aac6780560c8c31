import { readFileSync } from 'node:fs';

/** The text of a file that the kernel makes, below /proc; empty where it cannot be read. */
export function readProcFile(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
