import type { DiagnosedReader } from '@virt-similarity/core';
import { wordingOf } from '@virt-similarity/core/errors';
import { EXIT_DONE } from '../exit-codes.js';
import { flagText } from '../options/flag-text.js';
import { table } from '../output/table.js';
import type { BuiltInCommand } from './built-in-command.js';

/** Reports which external tools are installed, which readers work with them, and how to install the missing ones. */
export const doctor: BuiltInCommand = {
  name: 'doctor',
  summary: 'report which external tools are installed and what works without the missing ones',
  description: 'Reports which external tools are installed and what works without the missing ones.',
  options: {},
  operands: { max: 0 },
  async run({ analyzer, signal, write }) {
    await write(describe(await (await analyzer()).diagnose({ signal })));
    return EXIT_DONE;
  },
};

/** Formats the report: a table of external tools, a table of what each reader can read, and how to install missing packages. */
export function* describe(readers: readonly DiagnosedReader[]): Iterable<string> {
  const named = readers.flatMap(({ requirements = [] }) => requirements.map((each) => [each.name, each] as const));
  const requirements = [...new Map(named).values()];
  const tools = requirements.map(({ name, state, detail, purpose }) => [
    name,
    state === 'present' ? detail || 'yes' : detail === '' ? state : `${state}: ${detail}`,
    purpose,
  ]);
  yield* table([['TOOL', 'VERSION', 'NEEDED FOR'], ['node', process.versions.node, 'everything'], ...tools]);
  yield '\n';
  yield* table([['READER', 'WORKS', 'IMAGES'], ...readers.flatMap(abilitiesOf)]);
  const missing = requirements.filter(({ state }) => state === 'missing');
  const packages = new Set(missing.flatMap((found) => found.package?.split(' ') ?? []));
  if (packages.size > 0) {
    yield `\nTo install the missing tools on Debian and Ubuntu: apt-get install ${[...packages].join(' ')}\n`;
  }
}

function abilitiesOf({ reader, requirements = [], abilities, problem }: DiagnosedReader): readonly string[][] {
  if (abilities === undefined) {
    return [[reader, 'unknown', flagText(problem ? wordingOf(problem) : 'the reader does not report what it needs')]];
  }
  return abilities.map(({ purpose, needs }) => {
    const unmet = requirements.filter(({ name, state }) => needs.includes(name) && state !== 'present');
    const works =
      unmet.length === 0 ? 'yes' : `no: ${unmet.map(({ name, state }) => `${name} is ${state}`).join(', ')}`;
    return [reader, works, purpose];
  });
}
