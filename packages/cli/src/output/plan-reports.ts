import { basename } from 'node:path';
import type { NamedPart, OptionValues, Reporter } from '@virt-similarity/core';
import { didYouMean, VirtSimilarityError } from '@virt-similarity/core/errors';

/** What is reported, and where to. */
export interface ReportPlan {
  /** What goes to standard output. */
  readonly stdout: NamedPart<Reporter>;
  readonly files: readonly ReportFile[];
  /** The file that the user named for the companion text of the reports, and whose companion it is. */
  readonly names: NamesFile | undefined;
}

/** The companion text of all reports of one reporter, in a file that the user named. */
export interface NamesFile {
  readonly path: string;
  readonly reporter: NamedPart<Reporter>;
}

/** A report that goes to a file. */
export interface ReportFile {
  readonly path: string;
  readonly reporter: NamedPart<Reporter>;
  /** Where the reporter's companion text goes: beside the report, if it has one and no file is named for it. */
  readonly companionPath: string | undefined;
}

/** What the user asked for. */
export interface ReportWishes {
  /** Name of the reporter for standard output. */
  readonly format: string;
  /** Files, each in the format of its extension. */
  readonly paths: readonly string[];
  /** The file for the companion text of the reports, instead of one beside each. */
  readonly names: string | undefined;
  readonly options: OptionValues;
}

/**
 * Finds the reporters for what the user asked.
 *
 * @throws `usage` on unknown names, on options that none of the reporters takes, and where no
 *   reporter or more than one has a companion text for the file of names with these options.
 */
export function planReports(wishes: ReportWishes, reporters: readonly NamedPart<Reporter>[]): ReportPlan {
  const names = reporters.map((reporter) => reporter.name);
  const stdout = reporters.find((reporter) => reporter.name === wishes.format);
  if (stdout === undefined) {
    throw new VirtSimilarityError(
      'usage',
      `--output-format: expected one of ${names.join(', ')}; found '${wishes.format}'${didYouMean(wishes.format, names)}`,
    );
  }
  const files = wishes.paths.map((path) => planFile(path, reporters));
  const used = [stdout, ...files.map(({ reporter }) => reporter)];
  checkOptionsAreTaken(wishes.options, used, reporters);
  if (wishes.names === undefined) {
    return { stdout, files, names: undefined };
  }
  return {
    stdout,
    files: files.map((file) => ({ ...file, companionPath: undefined })),
    names: { path: wishes.names, reporter: onlyCompanion(used, wishes.options, reporters) },
  };
}

/** Those of the options that the reporter takes. */
export function optionsFor({ part }: NamedPart<Reporter>, options: OptionValues): OptionValues {
  const known = part.options ?? {};
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(known, name)));
}

function planFile(path: string, reporters: readonly NamedPart<Reporter>[]): ReportFile {
  const name = basename(path).toLowerCase();
  // The longest extension wins: a plugin's .tree.json over .json.
  const reporter = reporters
    .filter(({ part: { extension } }) => name.length > extension.length && name.endsWith(extension))
    .sort((one, other) => other.part.extension.length - one.part.extension.length)[0];
  if (reporter === undefined) {
    const extensions = reporters.map(({ part }) => part.extension);
    const found = /\.[^.]+$/.exec(name)?.[0];
    throw new VirtSimilarityError(
      'usage',
      `--output ${path}: expected a name that ends in ${extensions.join(', ')}; ` +
        `found ${found ?? 'no extension'}${didYouMean(found ?? '', extensions)}`,
    );
  }
  const { extension, companion } = reporter.part;
  const companionPath = companion && path.slice(0, path.length - extension.length) + companion.extension;
  return { path, reporter, companionPath };
}

/** The one reporter among those used that has a companion text with these options. */
function onlyCompanion(
  used: readonly NamedPart<Reporter>[],
  options: OptionValues,
  reporters: readonly NamedPart<Reporter>[],
): NamedPart<Reporter> {
  const candidates = used.filter(({ part }) => part.companion !== undefined);
  const [first, second] = new Set(candidates.filter((reporter) => emptyingOption(reporter, options) === undefined));
  if (first === undefined) {
    const emptying = candidates[0] && emptyingOption(candidates[0], options);
    const takers = optionsThatChoose(reporters.filter(({ part }) => part.companion !== undefined));
    const problem =
      emptying === undefined
        ? `--names has no effect here; it needs ${takers}`
        : `--names has no effect with ${emptying}; leave one of them out`;
    throw new VirtSimilarityError('usage', problem);
  }
  if (second !== undefined) {
    throw new VirtSimilarityError(
      'usage',
      `--names: expected reports of one format with a table of names, found ${first.name} and ${second.name}; ` +
        'write them in two runs',
    );
  }
  return first;
}

/** The option with which a reporter's companion text is empty, as it is written on the command line; if it is given. */
function emptyingOption({ part: { companion } }: NamedPart<Reporter>, options: OptionValues): string | undefined {
  const found = Object.entries(companion?.emptyWith ?? {}).find(([name, value]) => options[name] === value);
  return found && `--${found.filter((word) => word !== true).join(' ')}`;
}

/** The options that choose these reporters. */
function optionsThatChoose(reporters: readonly NamedPart<Reporter>[]): string {
  return reporters.map(({ name, part }) => `-O ${name} or -o FILE${part.extension}`).join(' or ');
}

function checkOptionsAreTaken(
  options: OptionValues,
  used: readonly NamedPart<Reporter>[],
  reporters: readonly NamedPart<Reporter>[],
): void {
  for (const name of Object.keys(options)) {
    const takes = ({ part }: NamedPart<Reporter>) => Object.hasOwn(part.options ?? {}, name);
    if (!used.some(takes)) {
      const takers = optionsThatChoose(reporters.filter(takes));
      throw new VirtSimilarityError('usage', `--${name} has no effect here; it needs ${takers}`);
    }
  }
}
