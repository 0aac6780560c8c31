import { systemPath } from './path-text.js';

/**
 * Matches text that needs only single quotes: apart from spaces, it contains no character that a terminal interprets,
 * hides or draws as a blank, and no backslash that could be read as the start of an escape. The command prints matching
 * text unchanged.
 */
const QUOTABLE = /^(?:[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u{2800}\\]| |\\(?![\\xu]))*$/u;

/**
 * Quotes a path as one shell word, for command lines in messages. Uses single quotes, which any POSIX shell accepts.
 * If there are unusual characters, uses `$'…'` with printable ASCII characters only, which bash and zsh accept. The
 * escapes are octal, because the command doubles a backslash before `x` or `u` in its messages, and users paste a
 * message as it is shown.
 */
export function shellWord(path: string): string {
  return QUOTABLE.test(path)
    ? `'${path.replaceAll("'", "'\\''")}'`
    : `$'${[...bytesOf(systemPath(path))].map(escaped).join('')}'`;
}

/** Quotes a path as one shell word that is not mistaken for an option. */
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
