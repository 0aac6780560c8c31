import { getSystemErrorMap, inspect, types } from 'node:util';
import { type OptionReference, optionsIn, plainText, type Wording, wording } from './wording.js';

// Required, as an import would be searched for exported names at every start.
import levenshtein = require('fastest-levenshtein');

export * from './wording.js';

/**
 * What went wrong, as a stable word. The command maps each to its exit code;
 * programs branch on it instead of on the text of the message.
 */
export type ErrorCode =
  /** An option, name or call that cannot be obeyed as it was given. */
  | 'usage'
  /** Refused by policy: ambiguous format, file outside what was allowed, not a regular file. */
  | 'refused'
  /** The content of an image or hash-vector file contradicts its format. */
  | 'corrupt'
  /** Missing, or no permission, or an input/output error of the system. */
  | 'unreadable'
  /** Open for writing by someone else. */
  | 'in-use'
  /** Changed between the beginning and the end of reading it. */
  | 'changed'
  /** An outside tool, a time limit or a resource is missing. */
  | 'unavailable'
  /** A plugin threw, or broke its contract. */
  | 'plugin'
  /** The caller's `AbortSignal` fired. */
  | 'aborted';

/** What an error may say beyond its message. */
export interface ErrorDetails {
  /** Path of the disk image or hash-vector file concerned, as the user named it. */
  readonly image?: string;
  /** What was thrown underneath. */
  readonly cause?: unknown;
}

/** An error as `JSON.stringify` writes it; what the error does not have is absent. */
export interface SerializedError {
  readonly name: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly image?: string;
  readonly remedy?: readonly OptionReference[];
  readonly cause?: string;
}

const BRAND = Symbol.for('virt-similarity.error');

/**
 * The one base class of every error this project throws on purpose.
 *
 * A message says what was expected, what was found and the remedy, on one line:
 * ``[qemu] cannot open a.qcow2: qemu-img is not installed; install qemu-utils or choose `reader: 'libguestfs'` ``.
 */
export class VirtSimilarityError extends Error {
  override readonly name = 'VirtSimilarityError';
  readonly [BRAND] = true;
  readonly code: ErrorCode;
  readonly image: string | undefined;
  readonly #wording: Wording;

  /** @param message options of the library in it are references, never the names that some program has for them */
  constructor(code: ErrorCode, message: Wording, details: ErrorDetails = {}) {
    super(plainText(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.image = details.image;
    this.#wording = message;
  }

  /** The message with its options apart, for a program that has other names for them. */
  get wording(): Wording {
    return this.#wording;
  }

  /** The options that the message names, with the values that would help where it knows them. */
  get remedy(): readonly OptionReference[] {
    return optionsIn(this.#wording);
  }

  /** The error for `JSON.stringify`: `code`, `message`, `image`, `remedy`, and the message of its cause. */
  toJSON(): SerializedError {
    const { name, code, message, image, remedy, cause } = this;
    return {
      name,
      code,
      message,
      ...(image !== undefined && { image }),
      ...(remedy.length > 0 && { remedy }),
      ...(cause !== undefined && { cause: messageOf(cause) }),
    };
  }

  /** Recognises the errors of every copy of this package: a plugin may have one of its own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a subclass has its own instances only
    if (this === VirtSimilarityError) {
      return typeof value === 'object' && value !== null && BRAND in value;
    }
    // biome-ignore lint/complexity/noThisInStatic: the same
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

const EXCERPT_CHARACTERS = 100;

/** @throws an `aborted` error if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new VirtSimilarityError('aborted', 'interrupted', { cause: signal.reason });
  }
}

/**
 * The error for a part of a plugin that breaks its contract.
 *
 * @param component name of the part, such as that of a hasher
 * @param part what has to be fixed, such as `hasher`
 */
export function brokenContract(component: string, expected: string, found: string, part: string): VirtSimilarityError {
  return new VirtSimilarityError('plugin', `[${component}] expected ${expected}, found ${found}; fix the ${part}`);
}

/** A value as messages show it: on one line, of which at most 100 characters. */
export function excerptOf(value: unknown): string {
  return onOneLine(inspect(value)).trim().slice(0, EXCERPT_CHARACTERS);
}

/** The message of anything that was thrown, also of what is no error, on one line. */
export function messageOf(thrown: unknown): string {
  // An error of another realm, such as a vm context, is no instance of this one's class.
  const isError = thrown instanceof Error || types.isNativeError(thrown);
  const text = isError ? thrown.message : typeof thrown === 'string' ? thrown : inspect(thrown);
  return onOneLine(text).trim();
}

/** As {@link messageOf}, with the options that the message names apart: for messages that contain it. */
export function wordingOf(thrown: unknown): Wording {
  // An error of another copy of this package may have no wording.
  const parts = thrown instanceof VirtSimilarityError ? thrown.wording : undefined;
  if (!Array.isArray(parts)) {
    return messageOf(thrown);
  }
  return parts.map((part) => (typeof part === 'string' ? onOneLine(part) : part));
}

/**
 * What went wrong, in the system's words without its code, call and path: `no such file or directory`. For messages that
 * already say what was done to which file. As {@link messageOf} for what the system did not throw.
 */
export function systemReasonOf(thrown: unknown): string {
  const isSystemError = typeof thrown === 'object' && thrown !== null && 'syscall' in thrown && 'errno' in thrown;
  const known = isSystemError ? getSystemErrorMap().get(Number(thrown.errno)) : undefined;
  return known?.[1] ?? messageOf(thrown);
}

function onOneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}

const FEWER_JOBS = wording`lower ${{ option: 'jobs' }}`;
const MORE_SPACE = 'free some space';
const MORE_MEMORY = wording`${FEWER_JOBS}, or allow more memory`;
const MORE_THREADS = wording`${FEWER_JOBS}, or allow more processes and memory`;

/** Codes of errors that say that the system has run out of something, not that anybody is at fault; and the remedies. */
const EXHAUSTED: ReadonlyMap<unknown, Wording> = new Map<unknown, Wording>([
  ['EAGAIN', MORE_THREADS],
  ['EDQUOT', MORE_SPACE],
  ['EMFILE', wording`${FEWER_JOBS}, or allow more open files with ulimit -n`],
  ['ENFILE', 'close other programs, or allow more open files for the whole system'],
  ['ENOMEM', MORE_MEMORY],
  ['ENOSPC', MORE_SPACE],
  ['ERR_MEMORY_ALLOCATION_FAILED', MORE_MEMORY],
  ['ERR_WORKER_INIT_FAILED', MORE_THREADS],
  ['ERR_WORKER_OUT_OF_MEMORY', MORE_MEMORY],
]);

/** What V8 says, without a code, where it gets no memory for buffers and for WebAssembly. */
const NO_MEMORY =
  /^(Array buffer allocation failed|WebAssembly\.\w+\(\): .*could not allocate|WebAssembly\.\w+\(\): Out of memory)/i;

/** When descriptors have run out, Node.js reports an existing module as missing. */
const MISSING_MODULE: ReadonlySet<unknown> = new Set([
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'MODULE_NOT_FOUND',
]);

/**
 * What the user can do about something that was thrown because the system has run out of space, memory, threads or open
 * files. Nothing where it was thrown for another reason.
 */
export function exhaustionRemedy(thrown: unknown): Wording | undefined {
  if (typeof thrown !== 'object' || thrown === null) {
    return undefined;
  }
  const remedy = 'code' in thrown ? EXHAUSTED.get(thrown.code) : undefined;
  if (remedy !== undefined) {
    return remedy;
  }
  const isMemory = 'name' in thrown && thrown.name === 'RangeError' && NO_MEMORY.test(messageOf(thrown));
  return isMemory ? MORE_MEMORY : undefined;
}

/** What the user can do about something that was thrown because a module of this program could not be loaded. */
export function missingModuleRemedy(thrown: unknown): string | undefined {
  const isMissing =
    typeof thrown === 'object' && thrown !== null && 'code' in thrown && MISSING_MODULE.has(thrown.code);
  return isMissing ? 'allow more open files with ulimit -n, or install virt-similarity anew' : undefined;
}

/**
 * Maps a failure to the code of the error to throw and the end of its message: `unavailable` and a remedy where the system
 * has run out of something, otherwise as given.
 */
export function classifyFailure(
  thrown: unknown,
  code: ErrorCode,
  remedy?: Wording,
): { readonly code: ErrorCode; readonly ending: Wording } {
  const exhausted = exhaustionRemedy(thrown);
  const advice = exhausted ?? remedy;
  return {
    code: exhausted === undefined ? code : 'unavailable',
    ending: advice === undefined ? '' : wording`; ${advice}`,
  };
}

/**
 * The error to throw on for something that a plugin threw: this project's own errors as they are, the rest as `plugin`,
 * or as `unavailable` where the system has run out of something.
 *
 * @param component the plugin's name, such as that of a reporter
 * @param problem such as `the reporter failed`
 */
export function pluginError(component: string, problem: string, thrown: unknown): VirtSimilarityError {
  if (thrown instanceof VirtSimilarityError) {
    return thrown;
  }
  const { code, ending } = classifyFailure(thrown, 'plugin');
  return new VirtSimilarityError(code, wording`[${component}] ${problem}: ${messageOf(thrown)}${ending}`, {
    cause: thrown,
  });
}

/**
 * The error for a name that is not among those known: lists them, and suggests the nearest one.
 *
 * @param owner what the names are those of, such as `clusterer auto`
 */
export function unknownName(kind: string, name: string, known: readonly string[], owner?: string): VirtSimilarityError {
  const problem = `unknown ${kind} ${name}${owner === undefined ? '' : ` of ${owner}`}`;
  const expected = known.length === 0 ? 'there are none' : `expected one of ${known.join(', ')}`;
  return new VirtSimilarityError('usage', `${problem}: ${expected}${didYouMean(name, known)}`);
}

/**
 * `; did you mean 'hamming'?` where one of the candidates looks like the word, otherwise nothing.
 * Ends a message about an unknown name.
 */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const typed = word.toLowerCase();
  // Two neighbouring letters exchanged are two edits; but a word must not be edited away.
  const limit = Math.min(typed.length - 1, Math.max(2, Math.floor(typed.length / 3)));
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of candidates) {
    const edits = levenshtein.distance(typed, candidate.toLowerCase());
    if (edits < least) {
      best = candidate;
      least = edits;
    }
  }
  return best === undefined ? '' : `; did you mean '${best}'?`;
}
