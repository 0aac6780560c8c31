import './tsyringe.js';

export * from './clustering/auto-clusterer.js';
export * from './clustering/cladogram.js';
export * from './clustering/condensed-matrix.js';
export * from './clustering/cophenetic-distances.js';
export * from './clustering/dendrogram.js';
export * from './clustering/fast/fast-clusterer.js';
export * from './clustering/fast/single-linkage.js';
export type * from './clustering/join.js';
export * from './clustering/ml-hclust-clusterer.js';
export { LARGEST_DISTANCE } from './clustering/unusable-distance.js';
export { checkPlugin } from './composition/check-plugin.js';
export { defaultExportOf } from './composition/default-export.js';
export type { ListedPlugin, Registration } from './composition/part-registry.js';
export * from './contracts/index.js';
export { corePlugin as default } from './core-plugin.js';
export { compareContentsBetween, comparePositionsBetween } from './distance/compare-between.js';
export { compareByPosition, type PositionalCounts } from './distance/compare-by-position.js';
export { compareContents } from './distance/compare-contents.js';
export type * from './distance/compare-options.js';
export * from './distance/compare-vectors.js';
export { condensedIndex } from './distance/condensed-index.js';
export { distanceMatrix } from './distance/distance-matrix.js';
export * from './distance/metrics/containment.js';
export * from './distance/metrics/hamming.js';
export * from './distance/metrics/hamming-fraction.js';
export * from './distance/metrics/jaccard.js';
export * from './distance/metrics/shared-content.js';
export { pairRuns } from './distance/pair-runs.js';
export type { PairwiseCounts } from './distance/pairwise-counts.js';
export * from './distance/tile.js';
export * from './errors.js';
export {
  ATOMIC_FILE_DEFAULTS,
  type AtomicFileOptions,
  type FileChunks,
  requireReplaceable,
  writeFileAtomically,
} from './hash-vectors/atomic-file.js';
export type { CacheEntry, CacheListOptions } from './hash-vectors/describe-entries.js';
export * from './hash-vectors/hash-vector-cache.js';
export { makeDirectories } from './hash-vectors/make-directories.js';
export * from './hash-vectors/memory-hash-vector.js';
export { MemoryVectorStore } from './hash-vectors/memory-vector-store.js';
export { isNamedAsVector, VECTOR_EXTENSION, VECTOR_FORMAT } from './hash-vectors/named-as-vector.js';
export { OpenDirectory } from './hash-vectors/open-directory.js';
export { ProtectedFiles } from './hash-vectors/protected-files.js';
export { type OpenHashVectorOptions, openHashVector } from './hash-vectors/read-hash-vector.js';
export { vectorKeyOf } from './hash-vectors/vector-key.js';
export * from './hash-vectors/write-hash-vector.js';
export * from './hashing/hash-image.js';
export * from './hashing/hashing-pool.js';
export * from './identity/chain.js';
export * from './identity/settled-identity.js';
export * from './identity/stamp.js';
export type { IsolationLimits } from './isolation/part-thread.js';
export { tryPlugin } from './isolation/plugin-calls.js';
export { partitionPoint } from './partition-point.js';
export { absolutePath } from './paths/absolute-path.js';
export { isOnLocalFileSystem } from './paths/local-file-system.js';
export * from './paths/path-text.js';
export { realPath } from './paths/real-path.js';
export { shellOperand, shellWord } from './paths/shell-word.js';
export type * from './pipeline/analyzer.js';
export { type AnalyzerParts, createAnalyzer } from './pipeline/create-analyzer.js';
export { ANALYZE_DEFAULTS } from './pipeline/options.js';
export { hasEnded, PROCESS_MARK, processMark } from './processes/process-mark.js';
