import type { ProgressEvent } from '@virt-similarity/core';
import { type Wording, wordingOf } from '@virt-similarity/core/errors';
import { terminalText } from '@virt-similarity/core/reporting';
import { flagText, namesOptions } from '../options/flag-text.js';

// Uses `require`: `import` would make Node.js parse picocolors' CommonJS file for exported names at every start.
import picocolors = require('picocolors');

/** The stream for messages, such as `process.stderr`. */
export interface MessageStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export type ColorWhen = 'auto' | 'always' | 'never';

/**
 * `quiet`: only errors and warnings. `normal`: also notes and progress. `verbose`: also debug notes and stack traces.
 */
export type Verbosity = 'quiet' | 'normal' | 'verbose';

export interface MessageStyle {
  readonly verbosity: Verbosity;
  readonly color: ColorWhen;
  /**
   * `auto`: bars on a terminal, else lines of text; `json`: everything is a JSON object on a line; `none`: no progress.
   */
  readonly progress?: 'auto' | 'json' | 'none';
}

export type MessageLevel = 'error' | 'warning' | 'note' | 'debug';

/** Receives every message and event, including those that are not shown. */
export interface MessageObserver {
  message(level: MessageLevel, text: string): void;
  event(event: ProgressEvent): void;
}

/**
 * The output to standard error: complete lines, with options written as flags and terminal control characters escaped.
 * On a terminal, status lines below them are redrawn in place. With the progress `json`, each line is a JSON object
 * instead.
 */
export class Messages {
  readonly verbosity: Verbosity;
  readonly progress: NonNullable<MessageStyle['progress']>;
  /**
   * Whether status lines are drawn: the stream is a terminal that can move its cursor, and `progress` is not `json`.
   */
  readonly isTerminal: boolean;
  readonly #stream: MessageStream;
  readonly #color: ColorWhen;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #colors: ReturnType<typeof picocolors.createColors>;
  readonly #reported = new WeakSet<Error>();
  readonly #observers: MessageObserver[] = [];
  #status: readonly string[] = [];

  constructor(stream: MessageStream, style: MessageStyle, environment: NodeJS.ProcessEnv) {
    const { verbosity, color, progress = 'auto' } = style;
    this.verbosity = verbosity;
    this.progress = progress;
    this.isTerminal = stream.isTTY === true && environment.TERM !== 'dumb' && progress !== 'json';
    this.#stream = stream;
    this.#color = color;
    this.#environment = environment;
    this.#colors = picocolors.createColors(this.usesColors(stream));
  }

  /** Returns whether the output to a stream may contain colors, by the user's option and the environment. */
  usesColors(stream: { readonly isTTY?: boolean }): boolean {
    return wantsColor(stream, this.#color, this.#environment);
  }

  /** The width of a line in characters. */
  get width(): number {
    // A pseudo-terminal whose size was never set has 0 columns.
    return this.#stream.columns || 80;
  }

  /** From now on, also passes every message and event to the observer. */
  observe(observer: MessageObserver): void {
    this.#observers.push(observer);
  }

  error(text: Wording): void {
    this.#message('error', text, (shown) => `virt-similarity: ${this.#colors.red('error:')} ${shown}`);
  }

  warning(text: Wording): void {
    this.#message('warning', text, (shown) => `virt-similarity: ${this.#colors.yellow('warning:')} ${shown}`);
  }

  /** Prints a note, such as a summary, or progress if there is no terminal. Prints nothing when quiet. */
  note(text: Wording): void {
    this.#message('note', text, (shown) => shown, this.verbosity !== 'quiet');
  }

  /** Prints a debug note when verbose, otherwise nothing. */
  debug(text: Wording): void {
    this.#message('debug', text, this.#colors.dim, this.verbosity === 'verbose');
  }

  /** Passes an event to the observers. It is not shown. */
  event(event: ProgressEvent): void {
    for (const observer of this.#observers) {
      observer.event(event);
    }
  }

  /** Writes an object as a line of JSON, unless quiet. */
  json(value: object): void {
    if (this.verbosity !== 'quiet') {
      this.#stream.write(`${JSON.stringify(value)}\n`);
    }
  }

  /**
   * Prints an error's message, and, when verbose, its stack and the stacks of its causes. Prints each error only once.
   */
  failure(error: Error): void {
    if (this.#reported.has(error)) {
      return;
    }
    this.#reported.add(error);
    this.error(wordingOf(error));
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      for (const line of stackOf(cause).split('\n')) {
        this.debug(line);
      }
    }
  }

  /**
   * Redraws the status lines, which must be printable text. Without arguments, removes them. Does nothing when quiet or
   * without a terminal.
   */
  status(...lines: readonly string[]): void {
    if (this.isTerminal && this.verbosity !== 'quiet' && lines.join('\n') !== this.#status.join('\n')) {
      const erased = this.#erased();
      this.#status = lines;
      this.#stream.write(erased + this.#drawn());
    }
  }

  #message(level: MessageLevel, text: Wording, format: (shown: string) => string, isShown = true): void {
    const plain = flagText(text);
    for (const observer of this.#observers) {
      observer.message(level, plain);
    }
    if (!isShown) {
      return;
    }
    if (this.progress === 'json') {
      this.#stream.write(`${JSON.stringify({ kind: 'message', level, text: plain })}\n`);
    } else {
      const line = `${format(terminalText(plain))}\n`;
      this.#stream.write(this.#status.length === 0 ? line : `${this.#erased()}${line}${this.#drawn()}`);
    }
  }

  /** Returns the sequence that removes the status lines and moves the cursor to where they began. */
  #erased(): string {
    const others = this.#status.length - 1;
    return others > 0 ? `${ERASE_LINE}${`${CURSOR_UP}${ERASE_LINE}`.repeat(others)}` : ERASE_LINE;
  }

  #drawn(): string {
    return this.#status.join('\n');
  }
}

/** Returns the stack of an error, with flags in the message at its beginning. */
function stackOf(error: Error): string {
  const stack = error.stack ?? String(error);
  return namesOptions(error) ? stack.replace(error.message, () => flagText(error.wording)) : stack;
}

/** Moves to the first column and erases to the end of the line. */
const ERASE_LINE = '\r\u001b[K';
const CURSOR_UP = '\u001b[A';

/**
 * Returns whether to use colors. The command line decides, unless it states `auto`. Then NO_COLOR disables colors (see
 * https://no-color.org). Otherwise FORCE_COLOR enables them even without a terminal, or disables them if it is 0 or
 * false. Without these variables, a terminal gets colors unless TERM is `dumb`.
 */
function wantsColor(stream: { readonly isTTY?: boolean }, when: ColorWhen, environment: NodeJS.ProcessEnv): boolean {
  if (when !== 'auto') {
    return when === 'always';
  }
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  if (NO_COLOR || FORCE_COLOR === '0' || FORCE_COLOR === 'false') {
    return false;
  }
  return FORCE_COLOR ? true : stream.isTTY === true && TERM !== 'dumb';
}
