import type { Diagnosis } from '@virt-similarity/readers';
import { EXIT_DONE } from '../exit-codes.js';
import { table } from '../output/table.js';
import type { OwnCommand } from './own-command.js';

/** The readers and what each reads, with the reader that a tool must be required by to be needed for it. */
const READERS = [
  { reader: 'raw', requires: 'raw', purpose: 'raw images' },
  { reader: 'qemu', requires: undefined, purpose: 'qcow2 with backing files, unless compressed by zstd' },
  { reader: 'qemu', requires: 'qemu', purpose: 'every other format that qemu-img reads' },
  { reader: 'libguestfs', requires: 'libguestfs', purpose: 'all of these, read inside a virtual machine of its own' },
] as const;

/** Reports which outside tools are installed, which readers work with them, and how to install the others. */
export const doctor: OwnCommand = {
  name: 'doctor',
  summary: 'which outside tools are installed, and what works without the others',
  description: 'Reports which outside tools are installed, and what works without the others.',
  options: {},
  operands: { max: 0 },
  async run({ signal, write }) {
    const { diagnose } = await import('@virt-similarity/readers');
    await write(describe(await diagnose(signal)));
    return EXIT_DONE;
  },
};

/** The doctor's report. */
export function* describe(diagnoses: readonly Diagnosis[]): Iterable<string> {
  const tools = diagnoses.map(({ name, state, detail, purpose }) => [
    name,
    state === 'present' ? detail || 'yes' : detail === '' ? state : `${state}: ${detail}`,
    purpose,
  ]);
  yield* table([['TOOL', 'VERSION', 'FOR'], ['node', process.versions.node, 'everything'], ...tools]);
  yield '\n';
  yield* table([
    ['READER', 'WORKS', 'FOR'],
    ...READERS.map(({ reader, requires, purpose }) => [reader, worksOrNot(requires, diagnoses), purpose]),
  ]);
  const missing = diagnoses.filter(({ state }) => state === 'missing');
  const packages = new Set(missing.flatMap((found) => found.package?.split(' ') ?? []));
  if (packages.size > 0) {
    yield `\nFor what is missing, on Debian and Ubuntu: apt-get install ${[...packages].join(' ')}\n`;
  }
}

function worksOrNot(requires: string | undefined, diagnoses: readonly Diagnosis[]): string {
  const lacking = diagnoses.filter(
    ({ state, requiredBy }) => state !== 'present' && requires !== undefined && requiredBy.includes(requires),
  );
  return lacking.length === 0 ? 'yes' : `no: ${lacking.map(({ name }) => name).join(', ')} missing`;
}
