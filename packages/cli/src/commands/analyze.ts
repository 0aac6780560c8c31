import { COMPARISON_OPTIONS, IMAGE_OPTIONS, REPORT_OPTIONS } from '../options/option-table.js';
import type { OwnCommand, OwnContext } from './own-command.js';

const OPTIONS = { ...IMAGE_OPTIONS, ...COMPARISON_OPTIONS, ...REPORT_OPTIONS };

/** What `analyze` is given. */
export type AnalyzeContext = OwnContext<typeof OPTIONS>;

/** Compares images and reports how they descend from one another. */
export const analyze: OwnCommand<typeof OPTIONS> = {
  name: 'analyze',
  summary: 'which images were cloned from which (the default command)',
  usage: '[options] IMAGE…',
  description:
    'Shows which virtual-machine disk images were cloned from which. An image may also be a hash-vector file (.arrow), ' +
    'or a directory of either. Names that begin with a hyphen come after --.',
  options: OPTIONS,
  takesReportOptions: true,
  run: async (context) => (await import('./run-analyze.js')).runAnalyze(context),
};
