import type { Command, CommandContext } from '@virt-similarity/core';
import { APPLY_OPTIONS } from './apply/apply-options.js';

/** Applies a plan. */
export const apply: Command = {
  summary: 'apply a plan, with a way back until you commit',
  usage: '[options] PLAN.json',
  description:
    'Applies a plan that virt-similarity plan -O json printed. Writes every overlay beside its image, compares it byte by byte, ' +
    'and only then exchanges files by renaming. Originals are kept until --commit; until then --rollback restores them. ' +
    'Shut down the machines first.',
  examples: [
    ['virt-similarity apply --dry-run plan.json', 'check the plan, and list the files that it would create'],
    ['virt-similarity apply plan.json', 'write the overlays, compare them, and put them in place'],
    ['virt-similarity apply --rollback plan.json', 'put the originals back'],
    ['virt-similarity apply --commit plan.json', 'delete the originals'],
  ],
  options: APPLY_OPTIONS,
  operands: { min: 1, max: 1 },
  run: async (context: CommandContext) => (await import('./apply/run-apply.js')).runApply(context),
};
