// The interfaces, types and tokens for plugins, without implementations: cheap to import.
export type * from './analysis.js';
export type * from './analyzer.js';
export * from './block-hasher.js';
export * from './clusterer.js';
export type * from './command.js';
export type * from './disk-image.js';
export * from './disk-reader.js';
export * from './distance-metric.js';
export * from './executor.js';
export type * from './hash-vector.js';
export type * from './image-source.js';
export type * from './options.js';
export type * from './part-reference.js';
export * from './plugin.js';
export * from './reporter.js';
export type * from './stages.js';
export type * from './tile.js';
export * from './vector-store.js';
