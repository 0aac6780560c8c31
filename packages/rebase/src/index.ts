import type { Plugin } from '@virt-similarity/core';
import { apply } from './apply-command.js';
import { diff } from './diff-command.js';
import { plan } from './plan-command.js';
import { search } from './search-command.js';

export { type Explanation, explainImage } from './explain-image.js';
export { makePlan, type PlanOptions } from './make-plan.js';
export { NO_PARENT, optimumBranching } from './optimum-branching.js';
export type * from './plan.js';
export type { PlanImage, PlanLimits } from './plan-image.js';

/** The commands `plan`, `apply`, `search` and `diff`. */
export default {
  name: '@virt-similarity/rebase',
  url: import.meta.url,
  commands: { plan, apply, search, diff },
} satisfies Plugin;
