import { inspect, types } from 'node:util';

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

/**
 * The one base class of every error this project throws on purpose.
 *
 * A message says what was expected, what was found and the remedy, on one line:
 * `[qemu] cannot open a.qcow2: qemu-img is not installed; install qemu-utils or choose --reader libguestfs`.
 */
export class VirtSimilarityError extends Error {
  override readonly name = 'VirtSimilarityError';
  readonly code: ErrorCode;
  readonly image: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.image = details.image;
  }
}

/** Throws an `aborted` error if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new VirtSimilarityError('aborted', 'interrupted', { cause: signal.reason });
  }
}

/** The message of anything that was thrown, also of what is no error, on one line. */
export function messageOf(thrown: unknown): string {
  // An error of another realm, such as a vm context, is no instance of this one's class.
  const isError = thrown instanceof Error || types.isNativeError(thrown);
  const text = isError ? thrown.message : typeof thrown === 'string' ? thrown : inspect(thrown);
  return text.replace(/\s*\n\s*/g, ' ').trim();
}

/** Codes of errors that say that the system has run out of something, not that anybody is at fault. */
const EXHAUSTED: ReadonlySet<unknown> = new Set([
  ...'EAGAIN EDQUOT EMFILE ENFILE ENOMEM ENOSPC'.split(' '),
  ...'ERR_MEMORY_ALLOCATION_FAILED ERR_WORKER_INIT_FAILED ERR_WORKER_OUT_OF_MEMORY'.split(' '),
]);

/** What V8 says, without a code, where it gets no memory for buffers and for WebAssembly. */
const NO_MEMORY =
  /^(Array buffer allocation failed|WebAssembly\.\w+\(\): .*could not allocate|WebAssembly\.\w+\(\): Out of memory)/i;

/** Whether something was thrown because the system has run out of space, memory, threads or open files. */
export function isExhaustion(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null) return false;
  if ('code' in thrown && EXHAUSTED.has(thrown.code)) return true;
  return 'name' in thrown && thrown.name === 'RangeError' && NO_MEMORY.test(messageOf(thrown));
}

/**
 * The error to throw on for something that a plugin threw: this project's own errors as they are, the rest as `plugin`,
 * or as `unavailable` where the system has run out of something.
 *
 * @param component the plugin's name, such as that of a reporter
 * @param problem such as `the reporter failed`
 */
export function pluginError(component: string, problem: string, thrown: unknown): VirtSimilarityError {
  if (thrown instanceof VirtSimilarityError) return thrown;
  const found = `[${component}] ${problem}: ${messageOf(thrown)}`;
  return isExhaustion(thrown)
    ? new VirtSimilarityError('unavailable', `${found}; lower --jobs, or allow more memory, processes and open files`, {
        cause: thrown,
      })
    : new VirtSimilarityError('plugin', found, { cause: thrown });
}
