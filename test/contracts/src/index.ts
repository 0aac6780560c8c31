export * from './block-hasher.js';
export { clustererContract } from './clusterer.js';
export type * from './contract-test.js';
export * from './disk-reader.js';
export * from './distance-metric.js';
export { assertGreedy } from './greedy-clustering.js';
export * from './hostile-names.js';
export { reporterContract } from './reporter.js';
export * from './sample-analysis.js';
