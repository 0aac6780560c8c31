import { systemPath } from '@virt-similarity/core';

/** Text that is one word within double quotes, and safe to show: no control characters, no half of a character. */
const QUOTABLE = /^[^\p{C}!"$\\`]*$/u;

/** A path as one word of a POSIX shell's or, for unusual characters, of bash's language, for commands in messages. */
export function shellWord(path: string): string {
  return QUOTABLE.test(path) ? `"${path}"` : `$'${[...bytesOf(systemPath(path))].map(escaped).join('')}'`;
}

function escaped(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[\w ./:@%+=,-]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
}

function bytesOf(path: string | Buffer): Buffer {
  return typeof path === 'string' ? Buffer.from(path) : path;
}
