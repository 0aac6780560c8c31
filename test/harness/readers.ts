import { type Option, UsageError } from './options.js';

export const READERS = ['auto', 'raw', 'qemu', 'libguestfs'] as const;

/** How the command is told to read: by its own choice, or by one reader. */
export type ReaderName = (typeof READERS)[number];

/** Those that read more than raw images. */
export const FORMAT_READERS: readonly ReaderName[] = ['auto', 'qemu', 'libguestfs'];

/** The option that names some of them; absent where it was not given. */
export const readersOption: Option<readonly ReaderName[] | undefined> = {
  placeholder: 'raw,qemu',
  description: `with these readers of ${READERS.join(', ')}`,
  read: (given) => {
    const names = given.at(-1)?.split(',');
    const unknown = names?.find((name) => !READERS.some((reader) => reader === name));
    if (unknown !== undefined) {
      throw new UsageError(`expected readers of ${READERS.join(', ')}; found '${unknown}'`);
    }
    return names && READERS.filter((reader) => names.includes(reader));
  },
};
