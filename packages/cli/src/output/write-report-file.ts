import {
  type Analysis,
  type Analyzer,
  type Reporter,
  type ReportOptions,
  type ReportRun,
  writeFileAtomically,
} from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import type { OutputFiles } from './open-output-files.js';
import type { NamesFile, ReportFile } from './plan-reports.js';

/** Writes a report, and beside it its companion if that is not empty; each file is complete or not written. */
export async function writeReportFile(
  file: ReportFile,
  outputs: OutputFiles,
  analyzer: Analyzer,
  analysis: Analysis,
  options: ReportOptions,
  run: ReportRun,
): Promise<void> {
  const { name } = file.reporter;
  const { signal } = run;
  if (file.companionPath !== undefined) {
    const text = await collect(analyzer.companion(name, analysis, options, run));
    if (text !== '') {
      await writeFileAtomically(file.companionPath, pieces(text), {
        ...outputs.optionsFor(file.companionPath),
        signal,
      });
    }
  }
  const report = analyzer.report(name, analysis, options, run);
  await writeFileAtomically(file.path, report, { ...outputs.optionsFor(file.path), signal });
}

/**
 * Writes the companion text of a reporter into the file that the user named for it.
 *
 * @throws VirtSimilarityError `usage` where the text is empty with these options, and as writing the file does.
 */
export async function writeNamesFile(
  { path, reporter: { name } }: NamesFile,
  outputs: OutputFiles,
  analyzer: Analyzer,
  analysis: Analysis,
  options: ReportOptions,
  run: ReportRun,
): Promise<void> {
  const text = await collect(analyzer.companion(name, analysis, options, run));
  if (text === '') {
    throw new VirtSimilarityError(
      'usage',
      `--names ${path}: the ${name} report has no table of names with these options; leave --names out`,
    );
  }
  await writeFileAtomically(path, pieces(text), { ...outputs.optionsFor(path), signal: run.signal });
}

/** What readers of the report on standard output miss where its companion is not written; nothing if they miss nothing. */
export async function omittedFromStdout(
  reporter: Reporter,
  analyzer: Analyzer,
  analysis: Analysis,
  options: ReportOptions,
  run: ReportRun,
): Promise<string | undefined> {
  const text = await collect(analyzer.omission(reporter.name, analysis, options, run));
  return text === '' ? undefined : `${reporter.name}: ${text}; write the table of names with --names FILE`;
}

async function collect(texts: AsyncIterable<string>): Promise<string> {
  let whole = '';
  for await (const text of texts) {
    whole += text;
  }
  return whole;
}

async function* pieces(text: string): AsyncIterable<string> {
  yield text;
}
