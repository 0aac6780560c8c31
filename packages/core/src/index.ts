import './tsyringe.js';

export * from './clustering/auto-clusterer.js';
export * from './clustering/cladogram.js';
export * from './clustering/condensed-matrix.js';
export * from './clustering/cophenetic-distances.js';
export * from './clustering/dendrogram.js';
export { dendrogramOfEdges, type Edge } from './clustering/dendrogram-of-edges.js';
export * from './clustering/fast/fast-clusterer.js';
export * from './clustering/fast/single-linkage.js';
export type * from './clustering/join.js';
export * from './clustering/ml-hclust-clusterer.js';
export { LARGEST_DISTANCE } from './clustering/unusable-distance.js';
export { checkPlugin } from './composition/check-plugin.js';
export { defaultExportOf } from './composition/default-export.js';
export * from './contracts/index.js';
export { corePlugin as default } from './core-plugin.js';
export { compareContentsBetween, comparePositionsBetween } from './distance/compare-between.js';
export { compareByPosition, type PositionalCounts } from './distance/compare-by-position.js';
export { compareContents } from './distance/compare-contents.js';
export type * from './distance/compare-options.js';
export * from './distance/compare-vectors.js';
export { distanceMatrix } from './distance/distance-matrix.js';
export { extendedMatrix } from './distance/extended-matrix.js';
export * from './distance/metrics/containment.js';
export * from './distance/metrics/hamming.js';
export * from './distance/metrics/hamming-fraction.js';
export * from './distance/metrics/jaccard.js';
export * from './distance/metrics/shared-blocks.js';
export * from './distance/metrics/shared-content.js';
export { pairRuns } from './distance/pair-runs.js';
export * from './distance/tile.js';
export * from './errors.js';
export { ANALYZE_DEFAULTS } from './execution/options.js';
export { receivedOutcome, type SentOutcome, sentOutcome } from './execution/sent-outcome.js';
export { absolutePath } from './files/absolute-path.js';
export {
  type AtomicFileOptions,
  type FileChunks,
  requireReplaceable,
  writeFileAtomically,
} from './files/atomic-file.js';
export { currentStateOf } from './files/current-state.js';
export { type DiskKeyOptions, passphrasesOf, readDiskKey } from './files/disk-key-file.js';
export { isOnLocalFileSystem } from './files/local-file-system.js';
export { makeDirectories } from './files/make-directories.js';
export { OpenDirectory } from './files/open-directory.js';
export * from './files/path-text.js';
export { hasEnded, PROCESS_MARK, processMark } from './files/process-mark.js';
export { ProtectedFiles } from './files/protected-files.js';
export { readSmallFile } from './files/read-small-file.js';
export { realPath } from './files/real-path.js';
export { shellOperand, shellWord } from './files/shell-word.js';
export { sweepOnce } from './files/temporary-files.js';
export * from './hashing/hash-image.js';
export { HashingPool, type PlacedHasher } from './hashing/hashing-pool.js';
export {
  baseOf,
  type ExpectedFile,
  encryptionOf,
  expectedFiles,
  fileStampsOf,
  formatsOf,
  isExpected,
  isVolatile,
  partsOf,
  sameIdentity,
} from './identity/chain.js';
export * from './identity/settled-identity.js';
export {
  type FileNumber,
  type FileStatus,
  fileKeyOf,
  fileNumberOf,
  sameFile,
  sameState,
  stampOf,
  stateKeyOf,
} from './identity/stamp.js';
export type { IsolationLimits } from './isolation/part-thread.js';
export { tryPlugin } from './isolation/plugin-calls.js';
export { partitionPoint } from './partition-point.js';
export { Passphrase } from './passphrase.js';
export { ANALYZER_DEFAULTS, type AnalyzerParts, createAnalyzer } from './pipeline/create-analyzer.js';
export { sourceNameOf } from './pipeline/find-images.js';
export * from './reading/auto-reader.js';
export * from './reading/file-source.js';
export * from './reporting.js';
export type { CacheEntry, CacheListOptions } from './store/describe-entries.js';
export * from './store/hash-vector-cache.js';
export { MemoryVectorStore } from './store/memory-vector-store.js';
export { vectorKeyOf, vectorSubjectOf } from './store/vector-key.js';
export { unlessAborted } from './unless-aborted.js';
export * from './vector-index/vector-index.js';
export * from './vectors/memory-hash-vector.js';
export { isNamedAsVector, VECTOR_EXTENSION } from './vectors/named-as-vector.js';
export { type OpenHashVectorOptions, openHashVector } from './vectors/read-hash-vector.js';
export { hashVectorFromBytes, hashVectorToBytes } from './vectors/vector-bytes.js';
export * from './vectors/write-hash-vector.js';
