import { IMAGE_OPTIONS, VECTOR_OPTIONS } from '../options/option-table.js';
import type { BuiltInCommand, BuiltInContext } from './built-in-command.js';

const OPTIONS = { ...IMAGE_OPTIONS, ...VECTOR_OPTIONS };

/** The context of `hash`. */
export type HashContext = BuiltInContext<typeof OPTIONS>;

/** Writes the hash vectors of images to files. */
export const hash: BuiltInCommand<typeof OPTIONS> = {
  name: 'hash',
  summary: 'write only the hash vectors (Arrow or Parquet)',
  usage: '[options] IMAGE…',
  description:
    'Writes the hash vector of each image to an Arrow file, IMAGE.arrow, which analyze also accepts; or the hash vectors of all images to one Parquet file for other programs.',
  examples: [
    ['virt-similarity hash a.qcow2', 'write a.qcow2.arrow'],
    ['virt-similarity hash -o vectors/ images/', 'write a hash vector for each image of a directory'],
    ['virt-similarity vectors/', 'compare the images later, without them'],
  ],
  options: OPTIONS,
  run: async (context) => (await import('./run-hash.js')).runHash(context),
};
