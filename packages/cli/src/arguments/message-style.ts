import { COMMON_OPTIONS } from '../options/option-table.js';
import type { MessageStyle } from '../terminal/messages.js';
import type { ScannedArgument } from './scan-arguments.js';

/** How messages look, known before the command line is checked so that its errors look like that too. */
export function messageStyle(scanned: readonly ScannedArgument[]): MessageStyle {
  const last = (name: keyof typeof COMMON_OPTIONS) =>
    scanned.findLast((argument) => argument.kind === 'option' && argument.flag.name === name);
  const color = last('color')?.value;
  return {
    verbosity: last('quiet') ? 'quiet' : last('verbose') ? 'verbose' : 'normal',
    color: COMMON_OPTIONS.color.values.find((when) => when === color) ?? COMMON_OPTIONS.color.default,
  };
}
