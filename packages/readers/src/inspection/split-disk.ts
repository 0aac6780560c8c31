import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { pathText, systemPath, wording } from '@virt-similarity/core';
import type { ExtentReference, FileBytes } from './format-inspector.js';
import { remedy, type StatedFormat } from './format-remedy.js';
import { corrupt, refused } from './header-error.js';
import { systemErrors } from './system-errors.js';

/** The format of a raw disk that is divided into files: `disk.img.001`, `disk.img.002`, … */
export const SPLIT = 'split';

const TAIL_BYTES = 512;

/** Three digits, as imaging programs and `split` write them, or nine, as in OVF. */
const NUMBERED = /^(?<whole>.+)\.(?<number>\d{3}|\d{9})$/;

/** The name of a part of a divided file. */
export interface PartName {
  /** Name of the complete file. */
  readonly whole: string;
  readonly number: number;
  /** The number of digits of the part's number. */
  readonly digits: number;
}

/** Parses the name of a part of a divided file. Returns `undefined` for a name without a part number at its end. */
export function partNameOf(name: string): PartName | undefined {
  const { whole, number } = NUMBERED.exec(name)?.groups ?? {};
  return whole === undefined || number === undefined
    ? undefined
    : { whole, number: Number(number), digits: number.length };
}

/**
 * Finds the parts that follow the first part, in its directory. Each returned part has a check: all parts must be
 * equally long, except the last part, which can be shorter but not empty.
 *
 * @param file the first part; numbers begin with 0 or 1
 * @param checkEnd receives the last bytes of the disk when the last part is checked
 * @throws `HeaderError` if the name of `file` has no number, if `file` is not the first part, if a part is missing or
 * there is only one part, or if the directory cannot be read.
 */
export async function partsAfter(
  file: StatedFormat,
  { size }: FileBytes,
  checkEnd: (tail: Buffer) => void,
): Promise<readonly ExtentReference[]> {
  const named = partNameOf(basename(file.path));
  if (named === undefined) {
    throw refused(wording`it has no number at the end of its name, such as .001; ${remedy(file, 'raw')}`);
  }
  const numbers = await numbersBeside(dirname(file.path), named);
  const first = numbers[0]!;
  if (first < named.number && first <= 1) {
    const name = JSON.stringify(nameOf({ ...named, number: first }));
    throw refused(`it is part ${named.number} of ${JSON.stringify(named.whole)}; name the first part, ${name}`);
  }
  const missing = first > 1 ? first - 1 : numbers.findIndex((number, index) => number !== first + index) + first;
  if (first > 1 || missing >= first || numbers.length === 1) {
    const lacking = numbers.length === 1 && first <= 1 ? first + 1 : missing;
    throw refused(
      wording`its name says that it is one part of ${JSON.stringify(named.whole)}, but there is no ${JSON.stringify(nameOf({ ...named, number: lacking }))}; restore the missing parts, or ${remedy(file, 'raw')} if it is a complete image`,
    );
  }
  const last = numbers.length - 2;
  return numbers.slice(1).map((number, index) => ({
    name: `./${nameOf({ ...named, number })}`,
    check: async (bytes) => {
      requireLength(bytes, size, index === last);
      if (index === last) {
        checkEnd(await bytes.read(Math.max(0, bytes.size - TAIL_BYTES), TAIL_BYTES));
      }
    },
  }));
}

function requireLength({ name, size }: FileBytes, expected: number, isLast: boolean): void {
  if (isLast ? size === 0 || size > expected : size !== expected) {
    throw corrupt(
      `${JSON.stringify(name)} has ${size} bytes; expected ${isLast ? 'at most ' : ''}${expected}, as the first part`,
    );
  }
}

/** Returns the numbers of all parts of the same file in the directory, ascending. */
async function numbersBeside(directory: string, { whole, digits }: PartName): Promise<readonly number[]> {
  const names = await systemErrors(() => readdir(systemPath(directory), { encoding: 'buffer' }));
  return names
    .flatMap((name) => partNameOf(pathText(name)) ?? [])
    .filter((part) => part.whole === whole && part.digits === digits)
    .map(({ number }) => number)
    .toSorted((a, b) => a - b);
}

function nameOf({ whole, number, digits }: PartName): string {
  return `${whole}.${String(number).padStart(digits, '0')}`;
}
