import { VirtSimilarityError } from '@virt-similarity/core/errors';
import type { ScannedArgument } from './scan-arguments.js';

/** An option whose value holds for the images after it. */
const POSITIONAL = 'format';
/** Options that ask for a file: of others the last value holds, as a user's alias may have given one before. */
const OUTPUTS = ['output', 'names'];

/**
 * Requires that what the command line asks for is not left out.
 *
 * @throws `usage` where an output that can be given once is given twice, where `--format` follows all images, and where
 *   what looks like an option would be taken for an image.
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
    throw usage(`--${POSITIONAL} follows every image, so it applies to none; put it before the images that it is for`);
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
      throw usage(`--${name} is given as ${values.get(name)} and as ${value}; give it once`);
    }
    values.set(name, value);
  }
}

function isFormat(argument: ScannedArgument): boolean {
  return argument.kind === 'option' && argument.flag.name === POSITIONAL;
}

function namesImage(argument: ScannedArgument): boolean {
  return argument.kind === 'operand' || argument.flag.name === 'add';
}

function usage(problem: string): VirtSimilarityError {
  return new VirtSimilarityError('usage', problem);
}
