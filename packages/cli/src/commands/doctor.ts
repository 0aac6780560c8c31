import { type Diagnosis, diagnose } from '@virt-similarity/readers';
import { EXIT_DONE } from '../exit-codes.js';
import { table } from '../output/table.js';
import { writeStdout } from '../output/write-stdout.js';
import type { CommandContext } from './command-context.js';

/** The readers and what each reads, with the reader that a tool must be required by to be needed for it. */
const READERS = [
  { reader: 'raw', requires: 'raw', purpose: 'raw images' },
  { reader: 'qemu', requires: undefined, purpose: 'qcow2 with backing files, unless compressed by zstd' },
  { reader: 'qemu', requires: 'qemu', purpose: 'every other format that qemu-img reads' },
  { reader: 'libguestfs', requires: 'libguestfs', purpose: 'all of these, read inside a virtual machine of its own' },
] as const;

/** Tells which outside tools are there, which readers work with them, and how to have the rest. */
export async function doctor({ signal }: CommandContext): Promise<number> {
  const diagnoses = await diagnose(signal);
  await writeStdout(describe(diagnoses));
  return EXIT_DONE;
}

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
