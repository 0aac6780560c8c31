export { clustererContract } from './clusterer.js';
export type * from './contract-test.js';
export { assertGreedy } from './greedy-clustering.js';
