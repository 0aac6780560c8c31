import type { OptionValue, OptionValues, Reporter } from '@virt-similarity/core';
import type { Messages } from '../terminal/messages.js';
import { RESULT_STREAM } from './result-stream.js';

/**
 * Returns values for those options of a reporter that adapt to standard output: the width of the terminal, within the
 * range of the option, and whether to use colors.
 */
export function terminalOptions(
  { options = {} }: Reporter,
  messages: Pick<Messages, 'usesColors'>,
  stream: { readonly isTTY?: boolean; readonly columns?: number } = RESULT_STREAM,
): OptionValues {
  const values: Record<string, OptionValue> = {};
  for (const [name, declaration] of Object.entries(options)) {
    // A pseudo-terminal whose size was never set has 0 columns.
    if (declaration.type === 'number' && declaration.onTerminal === 'columns' && stream.isTTY && stream.columns) {
      const { min = 1, max = Number.POSITIVE_INFINITY } = declaration;
      values[name] = Math.min(Math.max(stream.columns, min), max);
    } else if (declaration.type === 'boolean' && declaration.onTerminal === 'colors' && messages.usesColors(stream)) {
      values[name] = true;
    }
  }
  return values;
}
