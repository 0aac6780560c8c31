import {
  type Analysis,
  type Analyzer,
  type OptionValues,
  type ReportRun,
  writeFileAtomically,
} from '@virt-similarity/core';
import { writeCompanion } from './names-table.js';
import type { OutputFiles } from './open-output-files.js';
import type { ReportFile } from './plan-reports.js';

/**
 * Writes the companion text of a report, if it has a path and is not empty, and then the report. Each file is written
 * completely or not at all.
 *
 * @throws the errors of the reporter and of `writeFileAtomically`.
 */
export async function writeReportFile(
  { path, reporter, companionPath }: ReportFile,
  outputs: OutputFiles,
  analyzer: Analyzer,
  analysis: Analysis,
  options: OptionValues,
  run: ReportRun,
): Promise<void> {
  if (companionPath !== undefined) {
    await writeCompanion({ path: companionPath, reporter }, outputs, analyzer, analysis, options, run);
  }
  const report = analyzer.reportBytes(reporter.name, analysis, options, run);
  await writeFileAtomically(path, report, { ...outputs.optionsFor(path), signal: run.signal });
}
