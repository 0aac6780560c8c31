import { basename } from 'node:path';
import type { NamedPart, OptionValues, Reporter } from '@virt-similarity/core';
import { didYouMean, VirtSimilarityError } from '@virt-similarity/core/errors';

/** The reports of a run and their destinations. */
export interface ReportPlan {
  /** The reporter for standard output. */
  readonly stdout: NamedPart<Reporter>;
  readonly files: readonly ReportFile[];
  /** The file that the user named for the companion text, and its reporter. */
  readonly names: NamesFile | undefined;
}

/** A file, named by the user, for the companion text of all reports of one reporter. */
export interface NamesFile {
  readonly path: string;
  readonly reporter: NamedPart<Reporter>;
}

/** A report that is written to a file. */
export interface ReportFile {
  readonly path: string;
  readonly reporter: NamedPart<Reporter>;
  /**
   * The path of the companion text beside the report; `undefined` if there is none or the user named a file for it.
   */
  readonly companionPath: string | undefined;
}

/** The reports that the user requested. */
export interface ReportRequest {
  /** Name of the reporter for standard output. */
  readonly format: string;
  /** Files, each in the format of its extension. */
  readonly paths: readonly string[];
  /** The file for the companion text; if absent, each report that has a companion text gets a file beside it. */
  readonly names: string | undefined;
  readonly options: OptionValues;
}

/**
 * Finds the reporters for the requested reports.
 *
 * @throws `usage` if no reporter has the requested format or the extension of a file; if none of the reporters found
 *   accepts an option; or if `names` is set but not exactly one of them has a companion text with these options.
 */
export function planReports(request: ReportRequest, reporters: readonly NamedPart<Reporter>[]): ReportPlan {
  const names = reporters.map((reporter) => reporter.name);
  const stdout = reporters.find((reporter) => reporter.name === request.format);
  if (stdout === undefined) {
    throw new VirtSimilarityError(
      'usage',
      `--output-format: expected one of ${names.join(', ')}; found '${request.format}'${didYouMean(request.format, names)}`,
    );
  }
  const files = request.paths.map((path) => planFile(path, reporters));
  const used = [stdout, ...files.map(({ reporter }) => reporter)];
  requireOptionsHaveEffect(request.options, used, reporters);
  if (request.names === undefined) {
    return { stdout, files, names: undefined };
  }
  return {
    stdout,
    files: files.map((file) => ({ ...file, companionPath: undefined })),
    names: { path: request.names, reporter: onlyReporterWithCompanion(used, request.options, reporters) },
  };
}

/** Returns those of the options that the reporter accepts. */
export function optionsFor({ part }: NamedPart<Reporter>, options: OptionValues): OptionValues {
  const known = part.options ?? {};
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(known, name)));
}

function planFile(path: string, reporters: readonly NamedPart<Reporter>[]): ReportFile {
  const name = basename(path).toLowerCase();
  // The longest extension wins: a plugin's .tree.json takes precedence over .json.
  const match = reporters
    .flatMap((reporter) => extensionsOf(reporter).map((extension) => ({ reporter, extension })))
    .filter(({ extension }) => endsIn(name, extension))
    .sort((one, other) => other.extension.length - one.extension.length)[0];
  if (match === undefined) {
    const extensions = reporters.flatMap(extensionsOf);
    const found = /\.[^.]+$/.exec(name)?.[0];
    const problem = `expected a name that ends in ${extensions.join(', ')}; found ${found ?? 'no extension'}`;
    throw new VirtSimilarityError('usage', `--output ${path}: ${problem}${suggestion(found, reporters)}`);
  }
  const { reporter, extension } = match;
  const { companion } = reporter.part;
  const stem = path.slice(0, Math.max(path.length - basename(path).length, path.length - extension.length));
  const companionPath = companion && stem + companion.extension;
  return { path, reporter, companionPath };
}

/** Returns the end of a message: a similar extension, or else the extensions of formats that show a picture. */
function suggestion(found: string | undefined, reporters: readonly NamedPart<Reporter>[]): string {
  if (found === undefined) {
    return '';
  }
  // Without their dots, which would count as equal letters.
  const bare = reporters.flatMap(extensionsOf).map((extension) => extension.slice(1));
  const similar = didYouMean(found.slice(1), bare).replace("'", "'.");
  const pictures = reporters.filter(({ part: { mediaType } }) => /^(?:image\/|text\/html)/.test(mediaType));
  const names = pictures.map(({ part }) => part.extension).join(' or ');
  return similar !== '' || names === '' ? similar : `; a picture is written as ${names}`;
}

/**
 * Returns whether a name ends in an extension, or is an extension of several parts without its first dot:
 * `clusters.csv`, `distances.arrow`.
 */
function endsIn(name: string, extension: string): boolean {
  const isWhole = extension.lastIndexOf('.') > 0 && `.${name}` === extension;
  return isWhole || (name.length > extension.length && name.endsWith(extension));
}

function extensionsOf({ part: { extension, otherExtensions = [] } }: NamedPart<Reporter>): readonly string[] {
  return [extension, ...otherExtensions];
}

/**
 * Returns the only one of the used reporters that has a companion text with these options.
 *
 * @throws `usage` if there is none or more than one.
 */
function onlyReporterWithCompanion(
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
        : `--names has no effect with ${emptying}; omit one of them`;
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

/** Returns the flag of a given option that makes a reporter's companion text empty; `undefined` if no option does. */
function emptyingOption({ part: { companion } }: NamedPart<Reporter>, options: OptionValues): string | undefined {
  const found = Object.entries(companion?.emptyWith ?? {}).find(([name, value]) => options[name] === value);
  return found && `--${found.filter((word) => word !== true).join(' ')}`;
}

/** Returns the flags that select these reporters. */
function optionsThatChoose(reporters: readonly NamedPart<Reporter>[]): string {
  return reporters.map(({ name, part }) => `-O ${name} or -o FILE${part.extension}`).join(' or ');
}

function requireOptionsHaveEffect(
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
