import { didYouMean } from './did-you-mean.js';
import { messageOf, onOneLine, propertyOf } from './thrown-values.js';
import { type OptionReference, optionsIn, plainText, type Wording } from './wording.js';

/**
 * The kind of an error, a stable identifier. Programs branch on it instead of on the message text;
 * the command maps each code to an exit code.
 */
export type ErrorCode =
  /** An option, name or call is invalid. */
  | 'usage'
  /** Refused by policy: an ambiguous format, a file outside the allowed directories, not a regular file. */
  | 'refused'
  /** The content of an image or hash-vector file contradicts its format. */
  | 'corrupt'
  /** A file is missing, permission is denied, or the system reported an I/O error. */
  | 'unreadable'
  /** Another process has the image open for writing. */
  | 'in-use'
  /** A file was changed or replaced while it was in use, for example while an image was being read. */
  | 'changed'
  /** An external tool is missing or does not work, a system resource is exhausted, or a time limit was exceeded. */
  | 'unavailable'
  /** A plugin threw or broke its contract. */
  | 'plugin'
  /** The caller's `AbortSignal` fired. */
  | 'aborted';

/** The details of an error beyond its message. */
export interface ErrorDetails {
  /** Path of the disk image or other file that the error concerns, usually as the user named it. */
  readonly image?: string | undefined;
  /** The error that caused this error. */
  readonly cause?: unknown | undefined;
}

/** An error as `JSON.stringify` writes it. Members for which the error has no value are absent. */
export interface SerializedError {
  readonly name: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly image?: string | undefined;
  readonly remedy?: readonly OptionReference[] | undefined;
  readonly cause?: string | undefined;
}

/** The most characters of a cause in JSON. */
const CAUSE_CHARACTERS = 1000;

const BRAND = Symbol.for('virt-similarity.error');

/**
 * An error of this project.
 *
 * A message usually states what was expected, what was found and the remedy, on one line:
 * ``[qemu] cannot open a.qcow2: bwrap is not installed; install bubblewrap or pass `sandbox: 'off'` ``.
 */
export class VirtSimilarityError extends Error {
  override readonly name = 'VirtSimilarityError';
  readonly [BRAND] = true;
  readonly code: ErrorCode;
  readonly image: string | undefined;
  readonly #wording: Wording;

  /** @param message refers to options as {@link OptionReference}, never by a program's own names for them */
  constructor(code: ErrorCode, message: Wording, details: ErrorDetails = {}) {
    super(plainText(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.image = details.image;
    this.#wording = message;
  }

  /** The message with its options kept separate, for programs that have their own names for them. */
  get wording(): Wording {
    return this.#wording;
  }

  /** The options that the message names, with the values to set if they are known. */
  get remedy(): readonly OptionReference[] {
    return optionsIn(this.#wording);
  }

  /**
   * Returns the error for `JSON.stringify`: its `name`, `code`, `message`, `image`, `remedy`, and at most 1000
   * characters of the message of its cause. Never throws, whatever the cause is.
   */
  toJSON(): SerializedError {
    const { name, code, message, image, remedy, cause } = this;
    return {
      name,
      code,
      message,
      ...(image !== undefined && { image }),
      ...(remedy.length > 0 && { remedy }),
      ...(cause !== undefined && { cause: messageOf(cause).slice(0, CAUSE_CHARACTERS) }),
    };
  }

  /** Recognises the errors of every copy of this package, since a plugin can bring its own copy. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: for a subclass, only its own instances count
    if (this === VirtSimilarityError) {
      return propertyOf(value, BRAND) === true;
    }
    // biome-ignore lint/complexity/noThisInStatic: the same
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/** @throws an `aborted` error if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new VirtSimilarityError('aborted', 'interrupted', { cause: signal.reason });
  }
}

/**
 * Creates the error for a plugin's part that breaks its contract.
 *
 * @param component the name of the part
 * @param part the kind of the part, such as `hasher`, for the remedy
 */
export function brokenContract(component: string, expected: string, found: string, part: string): VirtSimilarityError {
  return new VirtSimilarityError('plugin', `[${component}] expected ${expected}, found ${found}; fix the ${part}`);
}

/**
 * Creates the error for an unknown name. Its message lists the known names, and suggests the name that resembles `name`
 * most, if any does.
 *
 * @param kind the kind of the name, such as `option`
 * @param owner what the names belong to, such as `clusterer auto`
 */
export function unknownName(kind: string, name: string, known: readonly string[], owner?: string): VirtSimilarityError {
  const problem = `unknown ${kind} ${name}${owner === undefined ? '' : ` of ${owner}`}`;
  const expected = known.length === 0 ? 'there are none' : `expected one of ${known.join(', ')}`;
  return new VirtSimilarityError('usage', `${problem}: ${expected}${didYouMean(name, known)}`);
}

/**
 * As {@link messageOf}, but keeps the options that the message names separate, so that a longer message can contain the
 * result.
 */
export function wordingOf(thrown: unknown): Wording {
  // An error of another version of this package may have no wording.
  const parts = thrown instanceof VirtSimilarityError ? thrown.wording : undefined;
  if (!Array.isArray(parts)) {
    return messageOf(thrown);
  }
  return parts.map((part) => (typeof part === 'string' ? onOneLine(part) : part));
}
