import type { Analysis } from '../contracts/analysis.js';
import type { OptionValues } from '../contracts/options.js';
import type { NamedPart } from '../contracts/plugin.js';
import type { ReportCircumstances, Reporter } from '../contracts/reporter.js';
import { brokenContract, excerptOf, pluginError, type Wording } from '../errors.js';

/** The report itself, or its companion. */
export type ReportPart = 'report' | 'companion';

/** The warning of a reporter without `warnings` about a companion that is not written. */
const NOT_WRITTEN: Wording = ['its companion text is not written; write it with ', { option: 'companion' }];

/**
 * Yields a report or its companion in pieces. If the reporter has no companion, yields nothing for it.
 *
 * @throws what the reporter throws, as `pluginError`, and `plugin` if it yields anything other than bytes for the
 *   report of a binary format, or strings otherwise.
 */
export async function* reportPieces(
  { name, part: reporter }: NamedPart<Reporter>,
  part: ReportPart,
  analysis: Analysis,
  options: OptionValues,
): AsyncGenerator<string | Uint8Array, void, undefined> {
  const isBinary = part === 'report' && reporter.isBinary === true;
  try {
    const pieces =
      part === 'report' ? reporter.report(analysis, options) : reporter.companion?.report(analysis, options);
    for await (const piece of pieces ?? []) {
      if (isBinary ? !(piece instanceof Uint8Array) : typeof piece !== 'string') {
        throw brokenContract(name, `a report of ${isBinary ? 'bytes' : 'strings'}`, typeof piece, 'reporter');
      }
      yield piece;
    }
  } catch (error) {
    throw pluginError(name, 'the reporter failed', error);
  }
}

/**
 * Returns a reporter's warnings about a report. A reporter without `warnings` has one warning if it has a companion
 * that is not written.
 *
 * @throws what the reporter throws, as `pluginError`, and `plugin` if it yields anything other than a wording.
 */
export async function reportWarnings(
  { name, part: reporter }: NamedPart<Reporter>,
  analysis: Analysis,
  options: OptionValues,
  circumstances: ReportCircumstances,
): Promise<readonly Wording[]> {
  if (reporter.warnings === undefined) {
    return reporter.companion === undefined || circumstances.isCompanionWritten ? [] : [NOT_WRITTEN];
  }
  const warnings: Wording[] = [];
  try {
    for await (const warning of reporter.warnings(analysis, options, circumstances)) {
      if (typeof warning !== 'string' && !Array.isArray(warning)) {
        throw brokenContract(name, 'warnings that are wordings', excerptOf(warning), 'reporter');
      }
      warnings.push(warning);
    }
  } catch (error) {
    throw pluginError(name, 'the reporter failed', error);
  }
  return warnings;
}
