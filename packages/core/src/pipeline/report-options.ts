import type { NamedPart } from '../contracts/plugin.js';
import type { Reporter, ReportOptions } from '../contracts/reporter.js';
import { unknownName, VirtSimilarityError } from '../errors.js';

/** Throws `usage` where a reporter does not understand an option or its value. */
export function checkReportOptions({ name: reporter, part }: NamedPart<Reporter>, options: ReportOptions): void {
  const known = part.options ?? [];
  for (const [name, value] of Object.entries(options)) {
    const option = known.find((candidate) => candidate.name === name);
    if (!option)
      throw unknownOption(
        reporter,
        name,
        known.map((each) => each.name),
      );
    const allowed = option.values ?? [true];
    if (allowed.includes(value as never)) continue;
    if (option.values && typeof value === 'string') throw unknownName(`${reporter} ${name}`, value, option.values);
    const expected = option.values ? `expected one of ${option.values.join(', ')}` : 'it takes no value';
    throw new VirtSimilarityError('usage', `[${reporter}] option ${name}: ${expected}, found ${value}`);
  }
}

function unknownOption(reporter: string, name: string, known: readonly string[]): VirtSimilarityError {
  if (known.length > 0) return unknownName(`${reporter} option`, name, known);
  return new VirtSimilarityError(
    'usage',
    `[${reporter}] unknown option ${name}: this reporter takes none; leave it out`,
  );
}
