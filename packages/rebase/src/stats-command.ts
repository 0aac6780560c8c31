import type { Command, CommandContext } from '@virt-similarity/core';
import { STATS_OPTIONS } from './stats/stats-options.js';

/** Prints how much space images need and share. */
export const stats: Command = {
  summary: 'show how much space images need and share',
  usage: '[options] IMAGE…',
  description:
    'Shows the space of each image: what its files occupy, what deleting it would free, and its part of the space that ' +
    'it shares with other images. Also shows how often equal blocks occur, and how much space stores that keep equal ' +
    'blocks once would need. Only reads: nothing is changed.',
  examples: [
    ['virt-similarity stats images/', 'show what each image occupies and shares'],
    ['virt-similarity stats --delete a.qcow2 --delete b.qcow2 images/', 'show what deleting two images would free'],
    ['virt-similarity stats --block-size 4K images/', 'also estimate stores with blocks of 4 KiB'],
  ],
  options: STATS_OPTIONS,
  readsImages: true,
  run: async (context: CommandContext) => (await import('./stats/run-stats.js')).runStats(context),
};
