export { type Explanation, explainImage } from './explain-image.js';
export { makePlan, type PlanOptions } from './make-plan.js';
export { NO_PARENT, optimumBranching } from './optimum-branching.js';
export type * from './plan.js';
export type { PlanImage, PlanLimits } from './plan-image.js';
export { default } from './plugin.js';
