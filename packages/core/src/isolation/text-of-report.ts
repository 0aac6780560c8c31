import type { Analysis } from '../contracts/analysis.js';
import type { Reporter, ReportOptions } from '../contracts/reporter.js';
import { pluginError, VirtSimilarityError } from '../errors.js';

/** The report itself, or the text that goes beside it in a file. */
export type ReportPart = 'report' | 'companion';

/**
 * A part of a report, in pieces; nothing where the reporter has no companion.
 * Throws `plugin` where the reporter throws or gives what is no text.
 */
export async function* textOfReport(
  reporter: Reporter,
  part: ReportPart,
  analysis: Analysis,
  options: ReportOptions,
): AsyncGenerator<string, void, undefined> {
  try {
    const teller = part === 'report' ? reporter : reporter.companion;
    for await (const piece of teller?.report(analysis, options) ?? []) {
      if (typeof piece !== 'string') {
        throw new VirtSimilarityError('plugin', `[${reporter.name}] expected a report of text, found ${typeof piece}`);
      }
      yield piece;
    }
  } catch (error) {
    throw pluginError(reporter.name, 'the reporter failed', error);
  }
}
