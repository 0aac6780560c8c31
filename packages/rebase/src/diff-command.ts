import type { Command, CommandContext } from '@virt-similarity/core';
import { DIFF_OPTIONS } from './diff-options.js';

/** Prints where two images differ. */
export const diff: Command = {
  summary: 'show where two images differ',
  usage: '[options] IMAGE IMAGE',
  description:
    'Shows the ranges in which two images differ, in whole blocks. The exit code is 0 if they are equal, 1 if they ' +
    'differ, and above 1 after an error. Past its end, the smaller disk counts as zeros.',
  examples: [
    ['virt-similarity diff before.qcow2 after.qcow2', 'list the ranges that differ'],
    ['virt-similarity diff -O csv before.qcow2 after.qcow2', 'list them for a spreadsheet'],
  ],
  options: DIFF_OPTIONS,
  readsImages: true,
  run: async (context: CommandContext) => (await import('./run-diff.js')).runDiff(context),
};
