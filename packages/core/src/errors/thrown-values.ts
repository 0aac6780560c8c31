import { getSystemErrorMap, inspect, types } from 'node:util';

const EXCERPT_CHARACTERS = 100;

/** Formats a value for a message: on one line, at most 100 characters. */
export function excerptOf(value: unknown): string {
  return onOneLine(described(value)).trim().slice(0, EXCERPT_CHARACTERS);
}

/** Returns the message of an error, or a description of any other thrown value, on one line. */
export function messageOf(thrown: unknown): string {
  const value = isError(thrown) ? propertyOf(thrown, 'message') : thrown;
  return onOneLine(typeof value === 'string' ? value : described(value)).trim();
}

/**
 * Returns a system error's description without its code, call and path, such as `no such file or directory`, for use in
 * a message that already names the action and the file. For other errors, returns the same as {@link messageOf}.
 */
export function systemReasonOf(thrown: unknown): string {
  const isSystemError = propertyOf(thrown, 'syscall') !== undefined;
  const known = isSystemError ? getSystemErrorMap().get(Number(propertyOf(thrown, 'errno'))) : undefined;
  return known?.[1] ?? messageOf(thrown);
}

/**
 * Returns a property of any thrown value. Returns `undefined` if there is no property of this name, or if getting it
 * throws, because a plugin can throw any object.
 */
export function propertyOf(thrown: unknown, name: PropertyKey): unknown {
  try {
    return typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns whether a value is an error, including an error of another realm, such as a vm context, which is not an
 * instance of this realm's `Error`.
 */
export function isError(thrown: unknown): boolean {
  try {
    return thrown instanceof Error || types.isNativeError(thrown);
  } catch {
    return false;
  }
}

/** Returns a description of any value. It can have several lines. */
function described(value: unknown): string {
  try {
    return inspect(value);
  } catch {
    return `a value of type ${typeof value} that cannot be shown`;
  }
}

/** Replaces each line feed, with the white space around it, by a space. */
export function onOneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
