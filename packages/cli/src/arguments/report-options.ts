import type { NamedPart, OptionDeclaration, OptionDeclarations, Reporter } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { problemOfName } from './option-names.js';

/**
 * Returns the options of all reporters, each name once and without short forms. If several reporters declare an option,
 * the first declaration applies; an enum accepts the values of all its declarations.
 *
 * @throws `plugin` if an option cannot be used on the command line, or reporters declare one name with different
 *   types.
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
    : `another reporter declares it with the type ${same.type}, not ${declaration.type}`;
}

/**
 * Removes the short form: letters are reserved for commands' options, so that reporters cannot change their meaning.
 */
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
