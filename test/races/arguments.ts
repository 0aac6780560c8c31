import { parseArgs } from 'node:util';
import { READERS, type ReaderName } from '../faults/harness/fault-case.js';
import { COMMAND } from '../fixtures/command.js';
import { newSeed } from '../fixtures/seeded-random.js';

export const USAGE = `Exchanges files, links and directories while the command opens and writes them.

  npm run test:races                 1,000 exchanges at each point with each reader
  npm run test:races -- --quick      20 exchanges, with the reader that is chosen by default: under a minute
  --seed N                           the random times of an earlier run, which printed its seed
  --exchanges N                      another number at each point
  --only TEXT                        the points whose title holds the text
  --readers raw,qemu                 of auto, raw, qemu, libguestfs
  --command 'node main.js'           the command under test; by default as it was built
  --list                             prints the points only`;

/** What is done. */
export interface RaceArguments {
  readonly seed: number;
  /** At each point with each reader. */
  readonly exchanges: number;
  readonly readers: readonly ReaderName[];
  /** A part of the titles of the points. */
  readonly only: string;
  readonly command: [string, ...string[]];
  readonly list: boolean;
}

/** Throws an error with a message for the user where the words cannot be obeyed. */
export function readArguments(words: readonly string[]): RaceArguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: 'boolean', default: false },
      seed: { type: 'string' },
      exchanges: { type: 'string' },
      readers: { type: 'string' },
      only: { type: 'string', default: '' },
      command: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  });
  return {
    seed: count(values.seed, newSeed()),
    exchanges: count(values.exchanges, values.quick ? 20 : 1000),
    readers: readersOf(values.readers, values.quick ? ['auto'] : READERS),
    only: values.only,
    command: commandOf(values.command),
    list: values.list,
  };
}

function count(text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new Error(`expected a whole number, found ${text}`);
  }
  return number;
}

function readersOf(text: string | undefined, otherwise: readonly ReaderName[]): readonly ReaderName[] {
  const names = text?.split(',') ?? otherwise;
  const unknown = names.find((name) => !READERS.some((reader) => reader === name));
  if (unknown !== undefined) {
    throw new Error(`expected readers of ${READERS.join(', ')}; found '${unknown}'`);
  }
  return READERS.filter((reader) => names.includes(reader));
}

function commandOf(text: string | undefined): [string, ...string[]] {
  const [file, ...first] = text?.trim().split(/\s+/) ?? COMMAND;
  if (file === undefined || file === '') {
    throw new Error('expected a command, found none');
  }
  return [file, ...first];
}
