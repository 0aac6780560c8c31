import type { ColorWhen, MessageStyle } from '../terminal/messages.js';
import { defineCommands } from './commands.js';
import { scanArguments } from './scan-arguments.js';

const COLOR_WHEN: readonly ColorWhen[] = ['auto', 'always', 'never'];

/** How messages are to look, known before anything else of the command line so that its errors look like that too. */
export function messageStyle(words: readonly string[]): MessageStyle {
  const options = scanArguments(words, defineCommands([]).analyze.options).filter(({ kind }) => kind === 'option');
  const last = (long: string) =>
    options.findLast((argument) => argument.kind === 'option' && argument.option.long === long);
  const color = last('--color')?.value;
  return {
    verbosity: last('--quiet') ? 'quiet' : last('--verbose') ? 'verbose' : 'normal',
    color: COLOR_WHEN.find((when) => when === color) ?? 'auto',
  };
}
