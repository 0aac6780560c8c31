import type { NamedPart, Reporter, ReportOption } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';

/**
 * The options of all reporters, each name once: reporters may share one, and its values are then those of all.
 * Throws `plugin` when an option cannot stand on a command line, or is flag for one and takes a value for another.
 */
export function collectReportOptions(
  reporters: readonly NamedPart<Reporter>[],
  taken: ReadonlySet<string>,
): ReportOption[] {
  const collected = new Map<string, ReportOption>();
  for (const { name, part } of reporters) {
    for (const option of part.options ?? []) {
      const same = collected.get(option.name);
      const problem = problemOf(option, same, taken);
      if (problem !== undefined) {
        throw new VirtSimilarityError('plugin', `[${name}] cannot have an option --${option.name}: ${problem}`);
      }
      collected.set(option.name, same === undefined ? option : { ...same, ...mergeValues(same, option) });
    }
  }
  return [...collected.values()];
}

function problemOf(option: ReportOption, same: ReportOption | undefined, taken: ReadonlySet<string>) {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(option.name)) {
    return 'expected lower-case words joined by hyphens';
  }
  if (taken.has(option.name)) {
    return 'the command has one of that name';
  }
  if (same !== undefined && (same.values === undefined) !== (option.values === undefined)) {
    return 'another reporter has one of that name, and only one of the two takes a value';
  }
  return undefined;
}

function mergeValues(first: ReportOption, second: ReportOption): Pick<ReportOption, 'values'> {
  return first.values === undefined ? {} : { values: [...new Set([...first.values, ...(second.values ?? [])])] };
}
