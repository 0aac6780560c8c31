import { type ErrorCode, plainText, type Wording, wording } from '@virt-similarity/core';

/**
 * Why a file cannot be taken as a disk image, in words that follow "cannot open a.qcow2: ". Who knows the image's name
 * makes the user's error of it.
 */
export class HeaderError extends Error {
  override readonly name = 'HeaderError';
  readonly code: Extract<ErrorCode, 'changed' | 'corrupt' | 'refused' | 'unavailable' | 'unreadable' | 'usage'>;

  /** The message with its options apart. */
  readonly wording: Wording;

  constructor(code: HeaderError['code'], message: Wording, options?: ErrorOptions) {
    super(plainText(message), options);
    this.code = code;
    this.wording = message;
  }
}

/** The header contradicts its format, or reaches past the end of the file. */
export function corrupt(found: string, remedy: Wording = 'restore it from a good copy'): HeaderError {
  return new HeaderError('corrupt', wording`${found}; ${remedy}`);
}

/** The header is one that must not, or cannot safely, be followed. The message ends with the remedy. */
export function refused(message: Wording): HeaderError {
  return new HeaderError('refused', message);
}

/**
 * The header is refused, but the file's bytes can be compared as they are. The caller appends how to state the format raw,
 * which depends on what names the file.
 */
export class RawRemedyError extends HeaderError {
  /** @param found what was found and another remedy, in words that `, or …` follows */
  constructor(found: string) {
    super('refused', found);
  }
}

/** Runs an operation; a `HeaderError` of it comes with its message put into context. */
export async function inContext<T>(
  describe: (message: Wording, code: HeaderError['code']) => Wording,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw error instanceof HeaderError
      ? new HeaderError(error.code, describe(error.wording, error.code), { cause: error.cause })
      : error;
  }
}
