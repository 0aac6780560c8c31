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
  options: OPTIONS,
  takesReportOptions: true,
  run: async (context) => (await import('./run-analyze.js')).runAnalyze(context),
};
