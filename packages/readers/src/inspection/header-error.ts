import { type ErrorCode, plainText, VirtSimilarityError, type Wording, wording } from '@virt-similarity/core';

/**
 * The error for a file that cannot be used as a disk image. Its message is worded to follow "cannot open a.qcow2: ". A
 * caller that knows the image's name turns this error into a `VirtSimilarityError`, see `inUserTerms`.
 */
export class HeaderError extends Error {
  override readonly name = 'HeaderError';
  readonly code: Extract<ErrorCode, 'changed' | 'corrupt' | 'refused' | 'unavailable' | 'unreadable' | 'usage'>;

  /** The message, with its options still separate. */
  readonly wording: Wording;

  constructor(code: HeaderError['code'], message: Wording, options?: ErrorOptions) {
    super(plainText(message), options);
    this.code = code;
    this.wording = message;
  }
}

/** Creates the error for a header that contradicts its format or extends beyond the file. */
export function corrupt(found: string, remedy: Wording = 'restore it from a good copy'): HeaderError {
  return new HeaderError('corrupt', wording`${found}; ${remedy}`);
}

/** Creates the error for a file that must not, or cannot safely, be used. The message ends with the remedy. */
export function refused(message: Wording): HeaderError {
  return new HeaderError('refused', message);
}

/**
 * The error for a refused header whose file can be compared as raw bytes. The caller appends how to state the format
 * raw, which depends on whether the user or a header names the file.
 */
export class RawRemedyError extends HeaderError {
  /** @param found the finding and another remedy, in words that `, or …` can follow */
  constructor(found: string) {
    super('refused', found);
  }
}

/**
 * Runs an operation on an image. `path` is the image as the user named it. Turns a `HeaderError` into a
 * `VirtSimilarityError` that names the image.
 */
export async function inUserTerms<T>(path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (!(error instanceof HeaderError)) {
      throw error;
    }
    const message = wording`cannot open ${path}: ${error.wording}`;
    throw new VirtSimilarityError(error.code, message, { image: path, cause: error.cause });
  }
}

/**
 * Runs an operation. If the operation throws a `HeaderError`, throws another `HeaderError` of the same code, with the
 * message that `describe` returns.
 */
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
