import {
  type Analysis,
  type Analyzer,
  type ReportOptions,
  type ReportRun,
  writeFileAtomically,
} from '@virt-similarity/core';
import type { OutputFiles } from './open-output-files.js';
import type { ReportFile } from './plan-reports.js';

/** Writes a report, and beside it its companion if that has something to say; each is whole or not there. */
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
