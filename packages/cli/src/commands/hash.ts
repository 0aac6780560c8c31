import { IMAGE_OPTIONS, VECTOR_OPTIONS } from '../options/option-table.js';
import type { OwnCommand, OwnContext } from './own-command.js';

const OPTIONS = { ...IMAGE_OPTIONS, ...VECTOR_OPTIONS };

/** What `hash` is given. */
export type HashContext = OwnContext<typeof OPTIONS>;

/** Writes hash vectors to files. */
export const hash: OwnCommand<typeof OPTIONS> = {
  name: 'hash',
  summary: 'only the hash vectors, as Arrow files',
  usage: '[options] IMAGE…',
  description: 'Writes the hash vector of each image as an Arrow file, IMAGE.arrow, which analyze takes as well.',
  options: OPTIONS,
  run: async (context) => (await import('./run-hash.js')).runHash(context),
};
