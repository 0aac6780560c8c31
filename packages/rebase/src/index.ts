import type { Plugin } from '@virt-similarity/core';
import { plan } from './plan-command.js';

export { makePlan, type PlanOptions } from './make-plan.js';
export { NO_PARENT, optimumBranching } from './optimum-branching.js';
export type * from './plan.js';
export type { PlanImage, PlanLimits } from './plan-image.js';

/** The command `plan`. */
export default {
  name: '@virt-similarity/rebase',
  url: import.meta.url,
  commands: { plan },
} satisfies Plugin;
