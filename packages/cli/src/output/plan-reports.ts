import { basename } from 'node:path';
import type { Reporter, ReportOptions } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { didYouMean } from '../suggestion.js';

/** What is reported, and where to. */
export interface ReportPlan {
  /** What goes to standard output. */
  readonly stdout: Reporter;
  readonly files: readonly ReportFile[];
}

/** A report that goes to a file. */
export interface ReportFile {
  readonly path: string;
  readonly reporter: Reporter;
  /** Where the reporter's companion text goes, if it has one. */
  readonly companionPath: string | undefined;
}

/** What the user asked for. */
export interface ReportWishes {
  /** Name of the reporter for standard output. */
  readonly format: string;
  /** Files, each in the format of its extension. */
  readonly paths: readonly string[];
  readonly options: ReportOptions;
}

/** Finds the reporters for what the user asked. Throws `usage` on unknown names and on options that none of them takes. */
export function planReports(wishes: ReportWishes, reporters: readonly Reporter[]): ReportPlan {
  const names = reporters.map((reporter) => reporter.name);
  const stdout = reporters.find((reporter) => reporter.name === wishes.format);
  if (stdout === undefined) {
    throw new VirtSimilarityError(
      'usage',
      `--output-format: expected one of ${names.join(', ')}; found '${wishes.format}'${didYouMean(wishes.format, names)}`,
    );
  }
  const plan = { stdout, files: wishes.paths.map((path) => planFile(path, reporters)) };
  checkOptionsAreTaken(wishes.options, plan, reporters);
  return plan;
}

/** Those of the options that the reporter takes. */
export function optionsFor(reporter: Reporter, options: ReportOptions): ReportOptions {
  const known = new Set(reporter.options?.map((option) => option.name));
  return Object.fromEntries(Object.entries(options).filter(([name]) => known.has(name)));
}

function planFile(path: string, reporters: readonly Reporter[]): ReportFile {
  const name = basename(path).toLowerCase();
  // The longest extension wins: a plugin's .tree.json over .json.
  const reporter = reporters
    .filter(({ extension }) => name.length > extension.length && name.endsWith(extension))
    .sort((one, other) => other.extension.length - one.extension.length)[0];
  if (reporter === undefined) {
    const extensions = reporters.map(({ extension }) => extension);
    const found = /\.[^.]+$/.exec(name)?.[0];
    throw new VirtSimilarityError(
      'usage',
      `--output ${path}: expected a name that ends in ${extensions.join(', ')}; ` +
        `found ${found ?? 'no extension'}${didYouMean(found ?? '', extensions)}`,
    );
  }
  const stem = path.slice(0, path.length - reporter.extension.length);
  const companionPath = reporter.companion && stem + reporter.companion.extension;
  return { path, reporter, companionPath };
}

function checkOptionsAreTaken(options: ReportOptions, plan: ReportPlan, reporters: readonly Reporter[]): void {
  const used = [plan.stdout, ...plan.files.map(({ reporter }) => reporter)];
  for (const name of Object.keys(options)) {
    const takes = (reporter: Reporter) => reporter.options?.some((option) => option.name === name);
    if (!used.some(takes)) {
      const takers = reporters.filter(takes).map((reporter) => `-O ${reporter.name} or -o FILE${reporter.extension}`);
      throw new VirtSimilarityError('usage', `--${name} has no effect here; it goes with ${takers.join(', ')}`);
    }
  }
}
