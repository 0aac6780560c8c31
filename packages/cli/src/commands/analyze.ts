import type { Analysis, Analyzer, FoundImages, ReportRun } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { ANALYZE_SETTINGS, type AnalyzeSettings, parseSettings } from '../arguments/settings.js';
import { EXIT_DONE, EXIT_PARTIAL, exitCodeOf } from '../exit-codes.js';
import { omittedFromStdout, writeNamesFile } from '../output/names-table.js';
import { type OutputFiles, openOutputFiles } from '../output/open-output-files.js';
import { optionsFor, planReports, type ReportPlan } from '../output/plan-reports.js';
import { writeReportFile } from '../output/write-report-file.js';
import { writeStdout } from '../output/write-stdout.js';
import type { Messages } from '../terminal/messages.js';
import { summarize } from '../terminal/summary.js';
import type { CommandContext } from './command-context.js';
import { findSources } from './find-sources.js';
import { startHashingRun, withoutAbsent } from './hashing-run.js';

const DEFAULT_OUTPUT_FORMAT = 'ascii';

/**
 * Analyses the images, prints the report on standard output, writes those for files, and sums up.
 * Whatever can be found wrong with the command line is found before the first image is opened.
 */
export async function analyze(context: CommandContext): Promise<number> {
  const { messages, reportOptions, signal } = context;
  const settings = parseSettings(ANALYZE_SETTINGS, context.options);
  const analyzer = await context.analyzer();
  const plan = planReports(
    {
      format: settings.outputFormat ?? DEFAULT_OUTPUT_FORMAT,
      paths: settings.output ?? [],
      names: settings.names,
      options: reportOptions,
    },
    analyzer.reporters,
  );
  const found = await findSources(context.sources, analyzer, context);
  const { sources } = found;
  if (sources.length < 2) {
    const [failure] = found.failures.values();
    throw (
      failure ??
      new VirtSimilarityError('usage', `expected at least two images, found ${sources.length}; name more disk images`)
    );
  }
  const outputs = await openOutputFiles(
    [...plan.files.flatMap(({ path, companionPath }) => [path, companionPath]), plan.names?.path].filter(
      (path) => path !== undefined,
    ),
    sources.map(({ path }) => path),
  );
  try {
    const analysis = await runAnalysis(analyzer, found, outputs, settings, context);
    const run: ReportRun = { ...withoutAbsent({ pluginTimeout: settings.pluginTimeout }), signal };
    const { stdout, names } = plan;
    const stdoutOptions = optionsFor(stdout, reportOptions);
    const exitCode = await writeAll(messages, [
      () => writeStdout(analyzer.report(stdout.name, analysis, stdoutOptions, run)),
      async () => {
        if (names !== undefined) {
          await writeNamesFile(names, outputs, analyzer, analysis, optionsFor(names.reporter, reportOptions), run);
        } else if (isWithoutCompanion(plan)) {
          const omitted = await omittedFromStdout(stdout, analyzer, analysis, stdoutOptions, run);
          if (omitted !== undefined) {
            messages.warning(omitted);
          }
        }
      },
      ...plan.files.map(
        (file) => () =>
          writeReportFile(file, outputs, analyzer, analysis, optionsFor(file.reporter, reportOptions), run),
      ),
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

/** Whether the report on standard output has a companion that no file of the same reporter brings along. */
function isWithoutCompanion({ stdout, files }: ReportPlan): boolean {
  return stdout.part.companion !== undefined && files.every(({ reporter }) => reporter !== stdout);
}

/** Writes every report, also where another one fails; gives the exit code of the first failure. */
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

async function runAnalysis(
  analyzer: Analyzer,
  found: FoundImages,
  outputs: OutputFiles,
  settings: AnalyzeSettings,
  { messages, signal }: CommandContext,
): Promise<Analysis> {
  const run = startHashingRun(settings, found.sources, outputs, messages, signal);
  const { metric, linkage, clusterer } = settings;
  try {
    const options = { ...run.options, ...withoutAbsent({ metric, linkage, clusterer }) };
    return await analyzer.analyze(found, options);
  } finally {
    run.end();
  }
}
