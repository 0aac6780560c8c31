import { parseArgs } from 'node:util';
import { type FaultCase, READERS, type ReaderName } from './fault-case.js';

/** Which cases are run, with which readers. */
export interface FaultOptions {
  readonly cases: readonly FaultCase[];
  readonly readers: readonly ReaderName[];
  /** Whether the cases are only named. */
  readonly list: boolean;
}

export const USAGE = 'test:faults -- [--only 5-12,40] [--readers auto,raw,qemu,libguestfs] [--list]';

/** Reads the options; throws where they cannot be obeyed. */
export function readOptions(words: readonly string[], all: readonly FaultCase[]): FaultOptions {
  const { values } = parseArgs({
    args: [...words],
    options: { only: { type: 'string' }, readers: { type: 'string' }, list: { type: 'boolean', default: false } },
  });
  const readers = values.readers?.split(',') ?? READERS;
  const unknown = readers.find((name) => !READERS.some((reader) => reader === name));
  if (unknown !== undefined) {
    throw new Error(`expected readers of ${READERS.join(', ')}; found '${unknown}'`);
  }
  const isWanted = values.only === undefined ? () => true : inRanges(values.only);
  const cases = all.filter(({ number }) => isWanted(number));
  if (cases.length === 0) {
    throw new Error(`there are no cases ${values.only}`);
  }
  return { cases, readers: READERS.filter((reader) => readers.includes(reader)), list: values.list };
}

/** Whether a number is among `5-12,40`. */
function inRanges(text: string): (number: number) => boolean {
  const ranges = text.split(',').map((range) => {
    const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    if (first === undefined) {
      throw new Error(`expected numbers such as 5-12,40; found '${text}'`);
    }
    return [Number(first), Number(last ?? first)] as const;
  });
  return (number) => ranges.some(([first, last]) => number >= first && number <= last);
}
