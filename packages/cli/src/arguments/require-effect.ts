import { VirtSimilarityError } from '@virt-similarity/core/errors';
import type { ScannedArgument } from './scan-arguments.js';

/** The option whose value applies to the images after it. */
const POSITIONAL = 'format';
/**
 * The options that name output files, which must not be dropped silently. For most other options that take one value,
 * the last value applies, because an alias of the user may have set the earlier value.
 */
const OUTPUTS = ['output', 'names'];

/**
 * Refuses command lines in which a word would silently have no effect, or would be read as an image by mistake.
 *
 * @throws `usage` if an output option that cannot be repeated is given twice with different values, if a word that
 *   looks like an option would be read as an image, or if `--format` follows every image, unless it restores the format
 *   that applied before the previous `--format`.
 */
export function requireEffect(scanned: readonly ScannedArgument[]): void {
  requireSingleValues(scanned);
  for (const argument of scanned) {
    if (argument.kind === 'operand' && !argument.isLiteral && /^-./.test(argument.value)) {
      throw usage(`unknown option '${argument.value}'; put -- before names that begin with a hyphen`);
    }
  }
  const last = scanned.findLastIndex(namesImage);
  // The remedies in messages restore the previous format after an image, also after the last one:
  // `--format raw a.img --format auto`.
  const previous = ['auto', ...formatsIn(scanned.slice(0, last + 1))].at(-2);
  if (last >= 0 && formatsIn(scanned.slice(last + 1)).some((format) => format !== previous)) {
    throw usage(`--${POSITIONAL} follows every image, so it applies to none; put it before the images it applies to`);
  }
}

function formatsIn(scanned: readonly ScannedArgument[]): readonly (string | undefined)[] {
  return scanned.flatMap((argument) =>
    argument.kind === 'option' && argument.flag.name === POSITIONAL ? [argument.value] : [],
  );
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

function namesImage(argument: ScannedArgument): boolean {
  return argument.kind === 'operand' || argument.flag.images !== undefined;
}

function usage(problem: string): VirtSimilarityError {
  return new VirtSimilarityError('usage', problem);
}
