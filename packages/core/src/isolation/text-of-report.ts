import type { Analysis } from '../contracts/analysis.js';
import type { OptionValues } from '../contracts/options.js';
import type { NamedPart } from '../contracts/plugin.js';
import type { Reporter } from '../contracts/reporter.js';
import { pluginError, VirtSimilarityError } from '../errors.js';

/** The report itself, its companion, or the line about what the report lacks without the companion. */
export type ReportPart = 'report' | 'companion' | 'missingNotice';

/**
 * Yields a report, its companion or its missing notice in pieces; nothing for the latter two if there is no companion.
 *
 * @throws `plugin` if the reporter throws or yields something other than a string.
 */
export async function* textOfReport(
  { name, part: reporter }: NamedPart<Reporter>,
  part: ReportPart,
  analysis: Analysis,
  options: OptionValues,
): AsyncGenerator<string, void, undefined> {
  try {
    for await (const piece of piecesOf(reporter, part, analysis, options)) {
      if (typeof piece !== 'string') {
        throw new VirtSimilarityError('plugin', `[${name}] expected a report of strings, found ${typeof piece}`);
      }
      yield piece;
    }
  } catch (error) {
    throw pluginError(name, 'the reporter failed', error);
  }
}

function piecesOf(reporter: Reporter, part: ReportPart, analysis: Analysis, options: OptionValues) {
  const { companion } = reporter;
  if (part === 'report') {
    return reporter.report(analysis, options);
  }
  if (part === 'companion') {
    return companion?.report(analysis, options) ?? [];
  }
  return companion?.missingNotice?.(analysis, options) ?? (companion === undefined ? [] : [NOT_WRITTEN]);
}

/** The notice for a companion without a `missingNotice` method. */
const NOT_WRITTEN = 'its companion text is not written';
