import { COMPARISON_OPTIONS, IMAGE_OPTIONS, VIEW_OPTIONS } from '../options/option-table.js';
import type { BuiltInCommand, BuiltInContext } from './built-in-command.js';

const OPTIONS = { ...IMAGE_OPTIONS, ...COMPARISON_OPTIONS, ...VIEW_OPTIONS };

/** The context of `view`. */
export type ViewContext = BuiltInContext<typeof OPTIONS>;

/** Compares images, writes the HTML report to a private temporary file, and by default opens it in a browser. */
export const view: BuiltInCommand<typeof OPTIONS> = {
  name: 'view',
  summary: 'explore the images in a browser',
  usage: '[options] IMAGE…',
  description:
    'Compares the images, writes the HTML report to a temporary file that only you can read, prints its path, and opens it ' +
    'in a browser if there is a desktop. The file is yours to keep or delete.',
  examples: [
    ['virt-similarity view images/', 'explore the images of a directory'],
    ['virt-similarity view --no-open images/', 'only write the page, and print where it is'],
  ],
  options: OPTIONS,
  run: async (context) => (await import('./run-view.js')).runView(context),
};
