import { type Option, UsageError } from './options.js';

export const READERS = ['auto', 'raw', 'qemu', 'libguestfs'] as const;

/** A value of `--reader`: `auto` lets the command choose. */
export type ReaderName = (typeof READERS)[number];

/** The readers that support formats other than raw. */
export const FORMAT_READERS: readonly ReaderName[] = ['auto', 'qemu', 'libguestfs'];

/** The option that selects readers; `undefined` if it is not given. */
export const readersOption: Option<readonly ReaderName[] | undefined> = {
  placeholder: 'raw,qemu',
  description: `only these readers (any of ${READERS.join(', ')})`,
  read: (given) => {
    const names = given.at(-1)?.split(',');
    const unknown = names?.find((name) => !READERS.some((reader) => reader === name));
    if (unknown !== undefined) {
      throw new UsageError(`expected one or more of ${READERS.join(', ')}; found '${unknown}'`);
    }
    return names && READERS.filter((reader) => names.includes(reader));
  },
};
