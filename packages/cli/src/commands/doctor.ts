import { type Diagnosis, diagnose } from '@virt-similarity/readers';
import { EXIT_DONE } from '../exit-codes.js';
import { table } from '../output/table.js';
import { writeStdout } from '../output/write-stdout.js';
import type { CommandContext } from './command-context.js';

/** The readers, and what each is for. */
const READERS = [
  ['raw', 'raw images'],
  ['qemu', 'every format that qemu-img reads, backing files, compression'],
  ['libguestfs', 'the same, read inside a virtual machine of its own'],
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
    ...READERS.map(([reader, purpose]) => [reader, worksOrNot(reader, diagnoses), purpose]),
  ]);
  const missing = diagnoses.filter(({ state }) => state === 'missing');
  const packages = new Set(missing.flatMap((found) => found.package?.split(' ') ?? []));
  if (packages.size > 0) {
    yield `\nFor what is missing, on Debian and Ubuntu: apt-get install ${[...packages].join(' ')}\n`;
  }
}

function worksOrNot(reader: string, diagnoses: readonly Diagnosis[]): string {
  const lacking = diagnoses.filter(({ state, requiredBy }) => state !== 'present' && requiredBy.includes(reader));
  return lacking.length === 0 ? 'yes' : `no, for want of ${lacking.map(({ name }) => name).join(', ')}`;
}
