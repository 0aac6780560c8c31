import type { Command, CommandContext } from '@virt-similarity/core';
import { PLAN_OPTIONS } from './plan-options.js';

/** Prints which images should become overlays on which bases. */
export const plan: Command = {
  summary: 'show which images should become overlays of which base to save the most space',
  usage: '[options] IMAGE…',
  description:
    'Shows which images should become overlays on which base, what each needs now and would need, and the total that ' +
    'this saves. Only reads: nothing is changed.',
  options: PLAN_OPTIONS,
  readsImages: true,
  run: async (context: CommandContext) => (await import('./run-plan.js')).runPlan(context),
};
