import type {
  Analysis,
  Analyzer,
  DiskKey,
  FoundImages,
  Linkage,
  NamedPart,
  Reporter,
  ReportRun,
} from '@virt-similarity/core';
import { VirtSimilarityError, wording } from '@virt-similarity/core/errors';
import { EXIT_DONE, EXIT_PARTIAL, exitCodeOf } from '../exit-codes.js';
import { flagText, namesOptions } from '../options/flag-text.js';
import { annotated, readAnnotations } from '../output/annotations.js';
import { writeNamesFile } from '../output/names-table.js';
import { type OutputFiles, openOutputFiles } from '../output/open-output-files.js';
import { optionsFor, planReports, type ReportPlan } from '../output/plan-reports.js';
import { RESULT_STREAM } from '../output/result-stream.js';
import { terminalOptions } from '../output/terminal-options.js';
import { writeReportFile } from '../output/write-report-file.js';
import type { Messages } from '../terminal/messages.js';
import { summarize } from '../terminal/summary.js';
import type { AnalyzeContext } from './analyze.js';
import { findSources } from './find-sources.js';
import { readKeys, startHashingRun } from './hashing-run.js';

/**
 * Analyses the images, prints one report to standard output, writes the report files, and prints a summary. Every error
 * that can be detected on the command line is reported before the first image is opened.
 *
 * Returns the exit code of the first failure to write a report or its table of names, or to get the warnings of its
 * reporter. Without such a failure, returns `EXIT_PARTIAL` if an image failed, otherwise `EXIT_DONE`.
 *
 * @throws `usage` if the arguments are not valid or fewer than two images are found; the error of the first image that
 *   failed if fewer than two images are left to compare; the errors of `readKeys`, `readAnnotations`, `findSources`,
 *   `openOutputFiles`, the analysis and `annotated`; `aborted` if the signal fires.
 */
export async function runAnalyze(context: AnalyzeContext): Promise<number> {
  const { messages, options, reportOptions, signal } = context;
  const complete = { ...context.reportDefaults, ...reportOptions };
  const keys = await readKeys(context);
  const analyzer = await context.analyzer();
  const plan = planReports(
    {
      format: options['output-format'],
      paths: options.output ?? [],
      names: options.names,
      options: reportOptions,
    },
    analyzer.reporters,
  );
  if (plan.stdout.part.isBinary && RESULT_STREAM.isTTY) {
    const { name, part } = plan.stdout;
    const remedy = `redirect standard output, or omit -O and write -o FILE${part.extension}`;
    throw new VirtSimilarityError(
      'usage',
      `--output-format ${name}: its reports are binary, which a terminal cannot show; ${remedy}`,
    );
  }
  const annotations = options.annotate === undefined ? undefined : await readAnnotations(options.annotate);
  const found = await findSources(context.sources, analyzer, context);
  const { sources } = found;
  if (sources.length < 2) {
    const [failure] = found.failures.values();
    const names = sources.map(({ path }) => path).filter((path) => !found.failures.has(path));
    throw failure === undefined ? tooFew(names) : withoutReport(failure, names, messages);
  }
  const outputs = await openOutputFiles(
    [
      ...plan.files.flatMap(({ path, companionPath }) => [path, companionPath]),
      plan.names?.path,
      context.log?.path,
    ].filter((path) => path !== undefined),
    sources.map(({ path }) => path),
  );
  context.log?.protectFrom(outputs);
  try {
    const plain = await runAnalysis(analyzer, keys, found, outputs, context);
    const analysis = annotations === undefined ? plain : annotated(plain, annotations, messages);
    const run: ReportRun = { signal };
    const { stdout, names } = plan;
    const stdoutOptions = { ...terminalOptions(stdout.part, messages), ...optionsFor(stdout, complete) };
    const exitCode = await writeAll(messages, [
      () => context.write(analyzer.reportBytes(stdout.name, analysis, stdoutOptions, run)),
      async () => {
        if (names !== undefined) {
          await writeNamesFile(names, outputs, analyzer, analysis, optionsFor(names.reporter, complete), run);
        }
      },
      ...plan.files.map(
        (file) => () => writeReportFile(file, outputs, analyzer, analysis, optionsFor(file.reporter, complete), run),
      ),
      ...usedReporters(plan).map((reporter) => async () => {
        const circumstances = { isCompanionWritten: isCompanionWritten(plan, reporter) };
        const options = optionsFor(reporter, complete);
        for (const warning of await analyzer.warnings(reporter.name, analysis, options, { ...run, ...circumstances })) {
          messages.warning(flagText(wording`${reporter.name}: ${warning}`));
        }
      }),
    ]);
    messages.note(summarize(analysis));
    if (exitCode !== EXIT_DONE) {
      return exitCode;
    }
    return analysis.failures.length > 0 ? EXIT_PARTIAL : EXIT_DONE;
  } finally {
    outputs.close();
  }
}

/** Returns the reporters of a plan, each once. */
function usedReporters({ stdout, files }: ReportPlan): readonly NamedPart<Reporter>[] {
  return [...new Set([stdout, ...files.map(({ reporter }) => reporter)])];
}

/**
 * Returns whether the companion of the reporter is written, to the file that the user named or beside a report.
 */
function isCompanionWritten({ files, names }: ReportPlan, reporter: NamedPart<Reporter>): boolean {
  return names?.reporter === reporter || files.some((file) => file.reporter === reporter);
}

/**
 * Writes every report, even if an earlier one fails. Returns the exit code of the first failure, or `EXIT_DONE`.
 *
 * @throws `aborted`, and errors that are not a `VirtSimilarityError`, without writing the remaining reports.
 */
async function writeAll(messages: Messages, reports: readonly (() => Promise<void>)[]): Promise<number> {
  let exitCode = EXIT_DONE;
  for (const report of reports) {
    try {
      await report();
    } catch (error) {
      if (!(error instanceof VirtSimilarityError) || error.code === 'aborted') {
        throw error;
      }
      messages.failure(error);
      exitCode ||= exitCodeOf(error.code);
    }
  }
  return exitCode;
}

function tooFew([only]: readonly string[]): VirtSimilarityError {
  const found = only === undefined ? 'none' : `only ${only}`;
  return new VirtSimilarityError(
    'usage',
    `expected at least two images to compare, found ${found}; name another image`,
  );
}

/** Prints the failure, then why there is no report although another image could be used. Returns the failure. */
function withoutReport(failure: Error, [usable]: readonly string[], messages: Messages): Error {
  messages.failure(failure);
  if (usable !== undefined) {
    messages.error(`no report: expected at least two images to compare, and only ${usable} could be used`);
  }
  return failure;
}

async function runAnalysis(
  analyzer: Analyzer,
  keys: readonly DiskKey[],
  found: FoundImages,
  outputs: OutputFiles,
  { messages, options, signal }: AnalyzeContext,
): Promise<Analysis> {
  const run = await startHashingRun(options, keys, found.sources, outputs, messages, signal);
  const { metric, linkage, clusterer } = options;
  try {
    return withFlagNames(
      await analyzer.analyze(found, { ...run.options, metric, linkage: linkage as Linkage, clusterer }),
    );
  } catch (thrown) {
    const failure = run.failures.find(({ error }) => error === thrown);
    if (failure === undefined) {
      throw thrown;
    }
    run.end();
    const failed = new Set(run.failures.map(({ path }) => path));
    const usable = found.sources.map(({ path }) => path).filter((path) => !failed.has(path));
    throw withoutReport(failure.error, usable, messages);
  } finally {
    run.end();
  }
}

/** Replaces option names by flags in the messages of failures, which reports contain. */
function withFlagNames(analysis: Analysis): Analysis {
  const failures = analysis.failures.map(({ path, error }) => {
    if (!namesOptions(error)) {
      return { path, error };
    }
    const { code, image, cause } = error;
    const details = { ...(image !== undefined && { image }), cause };
    return { path, error: new VirtSimilarityError(code, flagText(error.wording), details) };
  });
  return { ...analysis, failures };
}
