import type { DiagnosedPart } from '@virt-similarity/core';
import { wordingOf } from '@virt-similarity/core/errors';
import { EXIT_DONE } from '../exit-codes.js';
import { flagText } from '../options/flag-text.js';
import { table } from '../output/table.js';
import type { BuiltInCommand } from './built-in-command.js';

/**
 * Reports which external tools are installed, which readers and sources work with them, and how to install missing
 * tools on Debian and Ubuntu.
 */
export const doctor: BuiltInCommand = {
  name: 'doctor',
  summary: 'report missing tools, and what works without them',
  description: 'Reports which external tools are installed and what works without the missing ones.',
  examples: [['virt-similarity doctor', 'report missing tools and how to install them']],
  options: {},
  operands: { max: 0 },
  async run({ analyzer, signal, write }) {
    await write(describe(await (await analyzer()).diagnose({ signal })));
    return EXIT_DONE;
  },
};

/**
 * Formats the report: a table of external tools, a table of what each reader and source can read or list, and how to
 * install missing packages.
 */
export function* describe(parts: readonly DiagnosedPart[]): Iterable<string> {
  const named = parts.flatMap(({ requirements = [] }) => requirements.map((each) => [each.name, each] as const));
  const requirements = [...new Map(named).values()];
  const tools = requirements.map(({ name, state, detail, purpose }) => [
    name,
    state === 'present' ? detail || 'yes' : detail === '' ? state : `${state}: ${detail}`,
    purpose,
  ]);
  yield* table([['TOOL', 'VERSION', 'NEEDED FOR'], ['node', process.versions.node, 'everything'], ...tools]);
  yield '\n';
  yield* table([['PART', 'WORKS', 'FOR'], ...parts.flatMap(abilitiesOf)]);
  const missing = requirements.filter(({ state }) => state === 'missing');
  const packages = new Set(missing.flatMap((found) => found.package?.split(' ') ?? []));
  if (packages.size > 0) {
    yield `\nTo install the missing tools on Debian and Ubuntu: apt-get install ${[...packages].join(' ')}\n`;
  }
}

function abilitiesOf({ kind, name, requirements = [], abilities, problem }: DiagnosedPart): readonly string[][] {
  if (abilities === undefined) {
    return [[name, 'unknown', flagText(problem ? wordingOf(problem) : `the ${kind} does not report what it needs`)]];
  }
  return abilities.map(({ purpose, needs }) => {
    const unmet = requirements.filter(({ name: needed, state }) => needs.includes(needed) && state !== 'present');
    const works =
      unmet.length === 0 ? 'yes' : `no: ${unmet.map(({ name: needed, state }) => `${needed} is ${state}`).join(', ')}`;
    return [name, works, purpose];
  });
}
