import { terminalText } from '@virt-similarity/core';
import { type Wording, wordingOf } from '@virt-similarity/core/errors';
import { flagText, namesOptions } from '../options/flag-text.js';

// `require` instead of `import`, which would make Node.js parse the CommonJS file for exported names at every start.
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
}

/**
 * The output to standard error: whole lines, with options written as flags and terminal control characters escaped. On
 * a terminal, a status line below them is redrawn in place.
 */
export class Messages {
  readonly verbosity: Verbosity;
  readonly #stream: MessageStream;
  readonly #colors: ReturnType<typeof picocolors.createColors>;
  readonly #reported = new WeakSet<Error>();
  #status = '';

  constructor(stream: MessageStream, style: MessageStyle, environment: NodeJS.ProcessEnv) {
    this.verbosity = style.verbosity;
    this.#stream = stream;
    this.#colors = picocolors.createColors(wantsColor(stream, style.color, environment));
  }

  /** Whether the stream is a terminal, on which a status line can be drawn. */
  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** The width of a line in characters. */
  get width(): number {
    // A pseudo-terminal whose size was never set has 0 columns.
    return this.#stream.columns || 80;
  }

  error(text: Wording): void {
    this.#line(`virt-similarity: ${this.#colors.red('error:')} ${shown(text)}`);
  }

  warning(text: Wording): void {
    this.#line(`virt-similarity: ${this.#colors.yellow('warning:')} ${shown(text)}`);
  }

  /** Prints progress and summaries, unless quiet. */
  note(text: Wording): void {
    if (this.verbosity !== 'quiet') {
      this.#line(shown(text));
    }
  }

  /** Prints a debug note, only when verbose. */
  debug(text: Wording): void {
    if (this.verbosity === 'verbose') {
      this.#line(this.#colors.dim(shown(text)));
    }
  }

  /** Prints an error's message, and when verbose its stack and those of its causes. Prints each error only once. */
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

  /** Redraws the status line; an empty text removes it. Does nothing when quiet or if the stream is not a terminal. */
  status(text: string): void {
    if (this.isTerminal && this.verbosity !== 'quiet' && text !== this.#status) {
      this.#status = terminalText(text);
      this.#stream.write(`${ERASE_LINE}${this.#status}`);
    }
  }

  #line(text: string): void {
    this.#stream.write(this.#status === '' ? `${text}\n` : `${ERASE_LINE}${text}\n${this.#status}`);
  }
}

function shown(text: Wording): string {
  return terminalText(flagText(text));
}

/** Returns the stack of an error, with flags in the message at its beginning. */
function stackOf(error: Error): string {
  const stack = error.stack ?? String(error);
  return namesOptions(error) ? stack.replace(error.message, () => flagText(error.wording)) : stack;
}

/** Moves to the first column and erases to the end of the line. */
const ERASE_LINE = '\r\u001b[K';

/**
 * Returns whether to use colors. By https://no-color.org, NO_COLOR disables them unless the command line enables them.
 */
function wantsColor(stream: MessageStream, when: ColorWhen, environment: NodeJS.ProcessEnv): boolean {
  if (when !== 'auto') {
    return when === 'always';
  }
  return stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
}
