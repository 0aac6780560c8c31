import { VirtSimilarityError } from '@virt-similarity/core/errors';
import type { ScannedArgument } from './scan-arguments.js';

/** The option whose value applies to the images after it. */
const POSITIONAL = 'format';
/**
 * The options that name output files, which must not be dropped silently. For all other options the last value
 * applies, because a user's alias may have set an earlier one.
 */
const OUTPUTS = ['output', 'names'];

/**
 * Requires that no part of the command line is silently without effect.
 *
 * @throws `usage` if an output option that cannot be repeated is given twice, if `--format` follows every image, or if
 *   a word that looks like an option would be read as an image.
 */
export function requireEffect(scanned: readonly ScannedArgument[]): void {
  requireSingleValues(scanned);
  for (const argument of scanned) {
    if (argument.kind === 'operand' && !argument.isLiteral && /^-./.test(argument.value)) {
      throw usage(`unknown option '${argument.value}'; put -- before names that begin with a hyphen`);
    }
  }
  const last = scanned.findLastIndex(namesImage);
  const format = scanned.findIndex((argument, index) => index > last && isFormat(argument));
  if (last >= 0 && format >= 0) {
    throw usage(`--${POSITIONAL} follows every image, so it applies to none; put it before the images it applies to`);
  }
}

function requireSingleValues(scanned: readonly ScannedArgument[]): void {
  const values = new Map<string, string | undefined>();
  for (const argument of scanned) {
    if (argument.kind === 'operand') {
      continue;
    }
    const {
      flag: { name, isRepeated },
      value,
    } = argument;
    if (OUTPUTS.includes(name) && !isRepeated && values.has(name) && values.get(name) !== value) {
      throw usage(`--${name} is given twice, as ${values.get(name)} and ${value}; give it once`);
    }
    values.set(name, value);
  }
}

function isFormat(argument: ScannedArgument): boolean {
  return argument.kind === 'option' && argument.flag.name === POSITIONAL;
}

function namesImage(argument: ScannedArgument): boolean {
  return argument.kind === 'operand' || argument.flag.images !== undefined;
}

function usage(problem: string): VirtSimilarityError {
  return new VirtSimilarityError('usage', problem);
}
