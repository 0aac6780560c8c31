import { readFileSync } from 'node:fs';

/** Reads a file below /proc; returns an empty string if it cannot be read. */
export function readProcFile(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
