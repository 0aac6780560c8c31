import type { Reporter, ReportOptions } from '../contracts/reporter.js';
import { VirtSimilarityError } from '../errors.js';
import { unknownName } from './plugin-registry.js';

/** Throws `usage` where a reporter does not understand an option or its value. */
export function checkReportOptions(reporter: Reporter, options: ReportOptions): void {
  const known = reporter.options ?? [];
  for (const [name, value] of Object.entries(options)) {
    const option = known.find((candidate) => candidate.name === name);
    if (!option) throw unknownOption(reporter, name);
    const allowed = option.values ?? [true];
    if (allowed.includes(value as never)) continue;
    if (option.values && typeof value === 'string') throw unknownName(`${reporter.name} ${name}`, value, option.values);
    const expected = option.values ? `expected one of ${option.values.join(', ')}` : 'it takes no value';
    throw new VirtSimilarityError('usage', `[${reporter.name}] option ${name}: ${expected}, found ${value}`);
  }
}

function unknownOption(reporter: Reporter, name: string): VirtSimilarityError {
  const known = (reporter.options ?? []).map((option) => option.name);
  if (known.length > 0) return unknownName(`${reporter.name} option`, name, known);
  return new VirtSimilarityError(
    'usage',
    `[${reporter.name}] unknown option ${name}: this reporter takes none; leave it out`,
  );
}
