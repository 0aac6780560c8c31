import type { NamedPart, OptionDeclaration, OptionDeclarations, Reporter } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { problemOfName } from './option-names.js';

/**
 * The options of all reporters, each name once: reporters may share one, and its values are then those of all.
 *
 * @throws `plugin` when an option cannot be used on a command line, or reporters declare one name with different types.
 */
export function collectReportOptions(
  reporters: readonly NamedPart<Reporter>[],
  taken: OptionDeclarations,
): OptionDeclarations {
  const collected: Record<string, OptionDeclaration> = {};
  for (const { name: reporter, part } of reporters) {
    for (const [name, declaration] of Object.entries(part.options ?? {})) {
      const same = collected[name];
      const problem = problemOfName(name, taken) ?? problemOfSame(declaration, same);
      if (problem !== undefined) {
        throw new VirtSimilarityError('plugin', `[${reporter}] cannot have an option --${name}: ${problem}`);
      }
      collected[name] = same === undefined ? withoutShort(declaration) : merge(same, declaration);
    }
  }
  return collected;
}

function problemOfSame(declaration: OptionDeclaration, same: OptionDeclaration | undefined): string | undefined {
  return same === undefined || same.type === declaration.type
    ? undefined
    : `another reporter has one of that name with the type ${same.type}, not ${declaration.type}`;
}

/** A letter belongs to the options of commands: which reporters are loaded must not change what it means. */
function withoutShort({ short: _, ...declaration }: OptionDeclaration): OptionDeclaration {
  return declaration;
}

function merge(first: OptionDeclaration, second: OptionDeclaration): OptionDeclaration {
  if (first.type !== 'enum' || second.type !== 'enum') {
    return first;
  }
  const [head, ...others] = new Set([...first.values, ...second.values]);
  return { ...first, values: [head ?? first.values[0], ...others] };
}
