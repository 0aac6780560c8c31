import {
  type Analysis,
  type Analyzer,
  type OptionValues,
  type ReportRun,
  writeFileAtomically,
} from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import type { OutputFiles } from './open-output-files.js';
import type { NamesFile } from './plan-reports.js';

/**
 * Writes the companion text of a reporter, unless it is empty with these options. Returns whether it was written.
 *
 * @throws the errors of the reporter and of `writeFileAtomically`.
 */
export async function writeCompanion(
  { path, reporter }: NamesFile,
  outputs: OutputFiles,
  analyzer: Analyzer,
  analysis: Analysis,
  options: OptionValues,
  run: ReportRun,
): Promise<boolean> {
  const text = await collect(analyzer.companion(reporter.name, analysis, options, run));
  if (text === '') {
    return false;
  }
  await writeFileAtomically(path, pieces(text), { ...outputs.optionsFor(path), signal: run.signal });
  return true;
}

/**
 * Writes the companion text of a reporter to the file that the user named for it.
 *
 * @throws `usage` if the text is empty with these options, and the errors of `writeCompanion`.
 */
export async function writeNamesFile(
  file: NamesFile,
  outputs: OutputFiles,
  analyzer: Analyzer,
  analysis: Analysis,
  options: OptionValues,
  run: ReportRun,
): Promise<void> {
  if (!(await writeCompanion(file, outputs, analyzer, analysis, options, run))) {
    throw new VirtSimilarityError(
      'usage',
      `--names ${file.path}: the ${file.reporter.name} report has no table of names with these options; omit --names`,
    );
  }
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
