import { COMPARISON_OPTIONS, IMAGE_OPTIONS, REPORT_OPTIONS } from '../options/option-table.js';
import type { BuiltInCommand, BuiltInContext } from './built-in-command.js';

const OPTIONS = { ...IMAGE_OPTIONS, ...COMPARISON_OPTIONS, ...REPORT_OPTIONS };

/** The context of `analyze`. */
export type AnalyzeContext = BuiltInContext<typeof OPTIONS>;

/** Compares images and reports which were cloned from which. */
export const analyze: BuiltInCommand<typeof OPTIONS> = {
  name: 'analyze',
  summary: 'show which images were cloned from which (the default command)',
  usage: '[options] IMAGE…',
  description:
    'Shows which virtual-machine disk images were cloned from which. An IMAGE can also be a hash-vector file (.arrow), ' +
    'or a directory of images and hash-vector files. Put names that begin with a hyphen after --.',
  examples: [
    ['virt-similarity images/', 'draw the tree of the images in a directory'],
    ['virt-similarity --heights a.qcow2 b.vmdk c.raw', 'also show how much they differ'],
    ['virt-similarity -o family.html -o family.nwk images/', 'also write a web page and a Newick tree'],
    ["virt-similarity -r --exclude 'old' images/", 'search subdirectories, except those named old'],
    ["find . -name '*.qcow2' | virt-similarity -", 'compare the images that another program names'],
    ['virt-similarity -O clusters --cut 100 images/', 'group the images that join at up to 100 blocks'],
  ],
  options: OPTIONS,
  takesReportOptions: true,
  run: async (context) => (await import('./run-analyze.js')).runAnalyze(context),
};
