import type { Analysis } from '../contracts/analysis.js';
import type { OptionValues } from '../contracts/options.js';
import type { NamedPart } from '../contracts/plugin.js';
import type { Reporter } from '../contracts/reporter.js';
import { pluginError, VirtSimilarityError } from '../errors.js';

/** The report itself, its companion, or what readers of the report miss without the companion. */
export type ReportPart = 'report' | 'companion' | 'omission';

/**
 * A part of a report, in pieces; nothing where the reporter has no companion.
 *
 * @throws `plugin` where the reporter throws or gives what is no text.
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
        throw new VirtSimilarityError('plugin', `[${name}] expected a report of text, found ${typeof piece}`);
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
  return companion?.omission?.(analysis, options) ?? (companion === undefined ? [] : [OMITTED]);
}

/** What is missing without a companion that does not describe it. */
const OMITTED = 'its companion text is not written';
