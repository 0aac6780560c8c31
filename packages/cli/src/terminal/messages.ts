import { type Wording, wordingOf } from '@virt-similarity/core/errors';
import { terminalText } from '@virt-similarity/reporters';
import { flagText, namesOptions } from '../options/flag-text.js';

// Required, as an import would be searched for exported names at every start.
import picocolors = require('picocolors');

/** What a stream must offer to be written messages to; `process.stderr` does. */
export interface MessageStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export type ColorWhen = 'auto' | 'always' | 'never';

/** How much is said: errors and warnings only; notes and progress too; what helps to find a defect too. */
export type Verbosity = 'quiet' | 'normal' | 'verbose';

export interface MessageStyle {
  readonly verbosity: Verbosity;
  readonly color: ColorWhen;
}

/**
 * Everything that is said on standard error: whole lines, with options as flags and what a terminal would obey escaped,
 * and on a terminal one status line below them that is redrawn in place.
 */
export class Messages {
  readonly verbosity: Verbosity;
  readonly #stream: MessageStream;
  readonly #colors: ReturnType<typeof picocolors.createColors>;
  readonly #told = new WeakSet<Error>();
  #status = '';

  constructor(stream: MessageStream, style: MessageStyle, environment: NodeJS.ProcessEnv) {
    this.verbosity = style.verbosity;
    this.#stream = stream;
    this.#colors = picocolors.createColors(wantsColor(stream, style.color, environment));
  }

  /** Whether a status line can be drawn. */
  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** Characters that fit on one line. */
  get width(): number {
    // A pseudo-terminal that nobody has given a size has 0 columns.
    return this.#stream.columns || 80;
  }

  error(text: Wording): void {
    this.#line(`virt-similarity: ${this.#colors.red('error:')} ${shown(text)}`);
  }

  warning(text: Wording): void {
    this.#line(`virt-similarity: ${this.#colors.yellow('warning:')} ${shown(text)}`);
  }

  /** Progress and the summary; nothing when quiet. */
  note(text: Wording): void {
    if (this.verbosity !== 'quiet') {
      this.#line(shown(text));
    }
  }

  /** Only when verbose. */
  debug(text: Wording): void {
    if (this.verbosity === 'verbose') {
      this.#line(this.#colors.dim(shown(text)));
    }
  }

  /** An error's message, and when verbose the stack of it and of its causes; nothing if that has been said already. */
  failure(error: Error): void {
    if (this.#told.has(error)) {
      return;
    }
    this.#told.add(error);
    this.error(wordingOf(error));
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      for (const line of stackOf(cause).split('\n')) {
        this.debug(line);
      }
    }
  }

  /** Draws the status line anew; an empty text takes it away. Nothing unless on a terminal, or when quiet. */
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

/** The stack of an error, which begins with its message. */
function stackOf(error: Error): string {
  const stack = error.stack ?? String(error);
  return namesOptions(error) ? stack.replace(error.message, () => flagText(error.wording)) : stack;
}

/** To the first column, and erase to the end of the line. */
const ERASE_LINE = '\r\u001b[K';

/** By https://no-color.org, NO_COLOR says no to colors unless the user asks for them on the command line. */
function wantsColor(stream: MessageStream, when: ColorWhen, environment: NodeJS.ProcessEnv): boolean {
  if (when !== 'auto') {
    return when === 'always';
  }
  return stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
}
