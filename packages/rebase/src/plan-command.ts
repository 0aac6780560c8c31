import type { Command, CommandContext } from '@virt-similarity/core';
import { PLAN_OPTIONS } from './plan-options.js';

/** Prints which images should become overlays on which bases. */
export const plan: Command = {
  summary: 'plan which images become overlays of which base',
  usage: '[options] IMAGE…',
  description:
    'Shows which images should become overlays on which base, what each needs now and would need, and the total that ' +
    'this saves. Only reads: nothing is changed.',
  examples: [
    ['virt-similarity plan images/', 'show what overlays would save'],
    ['virt-similarity plan --bases existing --max-depth 1 images/', 'use only images that exist, without chains'],
    ['virt-similarity plan -O json --format qcow2 *.qcow2 > plan.json', 'write a plan that can be applied'],
  ],
  options: PLAN_OPTIONS,
  readsImages: true,
  run: async (context: CommandContext) => (await import('./run-plan.js')).runPlan(context),
};
