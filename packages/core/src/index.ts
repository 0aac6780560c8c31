import 'reflect-metadata';

export type * from './contracts/analysis.js';
export * from './contracts/block-hasher.js';
export * from './contracts/clusterer.js';
export type * from './contracts/disk-image.js';
export * from './contracts/disk-reader.js';
export * from './contracts/distance-metric.js';
export type * from './contracts/plugin.js';
export * from './contracts/reporter.js';
export * from './errors.js';
export type * from './hash-vectors/hash-vector.js';
export type * from './pipeline/analyzer.js';
