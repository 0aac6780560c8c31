import { getSystemErrorMap, inspect, types } from 'node:util';

const EXCERPT_CHARACTERS = 100;

/** Formats a value for a message: on one line, at most 100 characters. */
export function excerptOf(value: unknown): string {
  return onOneLine(inspect(value)).trim().slice(0, EXCERPT_CHARACTERS);
}

/** Returns the message of any thrown value, including non-errors, on one line. */
export function messageOf(thrown: unknown): string {
  // An error of another realm, such as a vm context, is not an instance of this realm's Error.
  const isError = thrown instanceof Error || types.isNativeError(thrown);
  const text = isError ? thrown.message : typeof thrown === 'string' ? thrown : inspect(thrown);
  return onOneLine(text).trim();
}

/**
 * Returns a system error's description without its code, call and path, such as `no such file or directory`. For
 * messages that already name the action and the file. For other errors, the same as {@link messageOf}.
 */
export function systemReasonOf(thrown: unknown): string {
  const isSystemError = typeof thrown === 'object' && thrown !== null && 'syscall' in thrown && 'errno' in thrown;
  const known = isSystemError ? getSystemErrorMap().get(Number(thrown.errno)) : undefined;
  return known?.[1] ?? messageOf(thrown);
}

/** Returns the text on one line. */
export function onOneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
