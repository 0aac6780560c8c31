import { getSystemErrorMap, inspect, types } from 'node:util';
import { type OptionReference, optionsIn, plainText, type Wording, wording } from './wording.js';

// Loaded by `require`: with `import`, Node.js would scan it for exported names at every start.
import levenshtein = require('fastest-levenshtein');

export * from './wording.js';

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
  /** The image changed while it was being read. */
  | 'changed'
  /** An external tool or a resource is missing, or a time limit was exceeded. */
  | 'unavailable'
  /** A plugin threw or broke its contract. */
  | 'plugin'
  /** The caller's `AbortSignal` fired. */
  | 'aborted';

/** The details of an error beyond its message. */
export interface ErrorDetails {
  /** Path of the disk image or hash-vector file concerned, as the user named it. */
  readonly image?: string | undefined;
  /** The underlying error. */
  readonly cause?: unknown | undefined;
}

/** An error as `JSON.stringify` writes it; what the error does not have is absent. */
export interface SerializedError {
  readonly name: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly image?: string | undefined;
  readonly remedy?: readonly OptionReference[] | undefined;
  readonly cause?: string | undefined;
}

const BRAND = Symbol.for('virt-similarity.error');

/**
 * The base class of every error that this project throws deliberately.
 *
 * A message states what was expected, what was found and the remedy, on one line:
 * ``[qemu] cannot open a.qcow2: qemu-img is not installed; install qemu-utils or choose `reader: 'libguestfs'` ``.
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

  /** The options that the message names, with helpful values where known. */
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

  /** Recognises the errors of every copy of this package, since a plugin may bring its own copy. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: for a subclass, only its own instances count
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
 * Creates the error for a plugin's part that breaks its contract.
 *
 * @param component the part's name
 * @param part what to fix, such as `hasher`
 */
export function brokenContract(component: string, expected: string, found: string, part: string): VirtSimilarityError {
  return new VirtSimilarityError('plugin', `[${component}] expected ${expected}, found ${found}; fix the ${part}`);
}

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
 * As {@link messageOf}, but keeps the options that the message names separate, so that another message can contain it.
 */
export function wordingOf(thrown: unknown): Wording {
  // An error of another version of this package may have no wording.
  const parts = thrown instanceof VirtSimilarityError ? thrown.wording : undefined;
  if (!Array.isArray(parts)) {
    return messageOf(thrown);
  }
  return parts.map((part) => (typeof part === 'string' ? onOneLine(part) : part));
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

function onOneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}

const FEWER_JOBS = wording`lower ${{ option: 'jobs' }}`;
const MORE_SPACE = 'free some space';
const MORE_MEMORY = wording`${FEWER_JOBS}, or allow more memory`;
const MORE_THREADS = wording`${FEWER_JOBS}, or allow more processes and memory`;

/** The remedies for exhausted system resources, by error code. */
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

/** V8's messages, which have no code, when it cannot allocate memory for buffers or WebAssembly. */
const NO_MEMORY =
  /^(Array buffer allocation failed|WebAssembly\.\w+\(\): .*could not allocate|WebAssembly\.\w+\(\): Out of memory)/i;

/** The codes for a missing module. Node.js also reports an existing module as missing when descriptors run out. */
const MISSING_MODULE: ReadonlySet<unknown> = new Set([
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'MODULE_NOT_FOUND',
]);

/**
 * Returns the remedy for an error that was thrown because disk space, memory, threads or open files ran out;
 * `undefined` for other errors.
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

/** Returns the remedy for an error that was thrown because a module of this program could not be loaded. */
export function missingModuleRemedy(thrown: unknown): string | undefined {
  const isMissing =
    typeof thrown === 'object' && thrown !== null && 'code' in thrown && MISSING_MODULE.has(thrown.code);
  return isMissing ? 'allow more open files with ulimit -n, or reinstall virt-similarity' : undefined;
}

/**
 * Maps a failure to the code of the error to throw and the end of its message: `unavailable` and a remedy if a system
 * resource is exhausted, otherwise the given code and remedy.
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
 * Maps what a plugin threw to the error to throw: this project's own errors stay as they are, others become `plugin`,
 * or `unavailable` if a system resource is exhausted.
 *
 * @param component the name of the plugin or its part
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
 * Creates the error for an unknown name. It lists the known names and suggests the nearest one.
 *
 * @param owner what the names belong to, such as `clusterer auto`
 */
export function unknownName(kind: string, name: string, known: readonly string[], owner?: string): VirtSimilarityError {
  const problem = `unknown ${kind} ${name}${owner === undefined ? '' : ` of ${owner}`}`;
  const expected = known.length === 0 ? 'there are none' : `expected one of ${known.join(', ')}`;
  return new VirtSimilarityError('usage', `${problem}: ${expected}${didYouMean(name, known)}`);
}

/**
 * Returns a suggestion to end a message with, such as `; did you mean 'hamming'?`, or an empty string if no candidate
 * resembles the word.
 */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const typed = word.toLowerCase();
  // Two swapped letters count as two edits. The limit is below the word's length, or any word would match a short one.
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
