import { systemPath } from './path-text.js';

/**
 * Text that needs nothing but single quotes: no character that a terminal obeys, hides or draws as a blank, and no
 * backslash that could be read as the beginning of an escape. The command prints such text as it is.
 */
const QUOTABLE = /^(?:[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u{2800}\\]| |\\(?![\\xu]))*$/u;

/**
 * A path as one word of a shell, for command lines in messages. In single quotes, as any POSIX shell takes it; with
 * unusual characters in `$'…'`, as bash and zsh take it, which has only printable ASCII characters. The escapes are octal,
 * because the command doubles a backslash before `x` or `u` in its messages, and a message is to be pasted as it is shown.
 */
export function shellWord(path: string): string {
  return QUOTABLE.test(path)
    ? `'${path.replaceAll("'", "'\\''")}'`
    : `$'${[...bytesOf(systemPath(path))].map(escaped).join('')}'`;
}

/** A path as one word of a command line that is not taken for an option. */
export function shellOperand(path: string): string {
  return shellWord(path.startsWith('-') ? `./${path}` : path);
}

function escaped(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[\w ./:@%+=,-]/.test(character) ? character : `\\${byte.toString(8).padStart(3, '0')}`;
}

function bytesOf(path: string | Buffer): Buffer {
  return typeof path === 'string' ? Buffer.from(path) : path;
}
