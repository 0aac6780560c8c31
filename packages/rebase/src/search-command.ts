import type { Command, CommandContext } from '@virt-similarity/core';
import { SEARCH_OPTIONS } from './search-options.js';

/** Prints which templates an image descends from. */
export const search: Command = {
  summary: 'show which images an image descends from',
  usage: '[options] IMAGE TEMPLATE…',
  description:
    'Shows which templates have the same blocks as IMAGE at the same places: first the template that has most of IMAGE, ' +
    'then the template that has most of the rest, and so on. ALONE is the share of IMAGE that a template has, ADDS the ' +
    'share that no template above it has, and USED the share of the template that is in IMAGE.',
  examples: [
    ['virt-similarity search new.qcow2 templates/', 'show which templates a new image was made from'],
    ['virt-similarity search new.qcow2 vectors/*.arrow', 'search among images that were hashed before'],
  ],
  options: SEARCH_OPTIONS,
  operands: { min: 2 },
  readsImages: true,
  run: async (context: CommandContext) => (await import('./run-search.js')).runSearch(context),
};
