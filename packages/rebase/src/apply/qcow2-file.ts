import { systemPath, VirtSimilarityError } from '@virt-similarity/core';
import { clustersPerTable, refcountClusters, tablesOf } from '../qcow2-size.js';

/** The content of a new overlay or base. */
export interface Qcow2Source {
  /** Bytes; a power of two from 4 KiB to 2 MiB. */
  readonly clusterSize: number;
  /** Size of the guest-visible disk in bytes; a multiple of 512, because qemu would cut off the rest. */
  readonly virtualSize: number;
  /** The backing file; absent if there is none. */
  readonly backing?: { readonly path: string; readonly format: string } | undefined;
  /** Numbers of the clusters with data, ascending. */
  readonly data: readonly number[];
  /** Numbers of the clusters that are zero where the backing file may have data, ascending. */
  readonly zeros: readonly number[];
  /**
   * Fills `target` with the content of a cluster. `target` contains zeros, so bytes past the end of the disk can be
   * left unchanged.
   */
  readonly read: (cluster: number, target: Uint8Array) => Promise<void>;
}

const MAGIC = 0x5146_49fb;
const VERSION = 3;
const HEADER_BYTES = 104;
const REFCOUNT_ORDER = 4;
const REFCOUNT_BYTES = 2;
const ENTRY_BYTES = 8;
const BACKING_FORMAT = 0xe279_2aca;
/** In an L1 or L2 entry: the refcount of the cluster is 1. */
const COPIED = 1n << 63n;
/** In an L2 entry: the cluster reads as zeros. */
const READS_AS_ZEROS = 1n;
const LONGEST_BACKING_NAME = 1023;

/**
 * Yields a new qcow2 file from its first byte to its last: header, refcounts, L2 tables, data, and the L1 table, which
 * need not fill its last cluster. Format: docs/interop/qcow2.txt of qemu.
 *
 * @throws `usage` if the path of the backing file is too long for the header, and the errors of reading.
 */
export async function* qcow2File(source: Qcow2Source): AsyncGenerator<Uint8Array> {
  const { clusterSize, data } = source;
  const layout = layoutOf(source);
  yield headerOf(source, layout);
  yield* refcounts(layout, clusterSize);
  yield* l2Tables(source, layout);
  for (const cluster of data) {
    const content = new Uint8Array(clusterSize);
    await source.read(cluster, content);
    yield content;
  }
  yield l1Table(layout);
}

/** The layout of the file. */
interface Layout {
  /** Number of clusters of the refcount table. */
  readonly refcountTable: number;
  /** Number of refcount blocks, each of which is a cluster. */
  readonly refcountBlocks: number;
  /** The ranges of the disk that have an L2 table, ascending. */
  readonly ranges: readonly number[];
  readonly l1Entries: number;
  readonly clusterSize: number;
  /** Number of clusters in the file. */
  readonly clusters: number;
}

function layoutOf({ clusterSize, virtualSize, data, zeros }: Qcow2Source): Layout {
  const perTable = clustersPerTable(clusterSize);
  const ranges = [...new Set([...data, ...zeros].map((cluster) => Math.floor(cluster / perTable)))].sort(
    (a, b) => a - b,
  );
  const l1Entries = tablesOf(virtualSize, clusterSize);
  const others = 1 + ranges.length + data.length + Math.ceil((l1Entries * ENTRY_BYTES) / clusterSize);
  const { table, blocks } = refcountClusters(others, clusterSize);
  const clusters = others + table + blocks;
  return { refcountTable: table, refcountBlocks: blocks, ranges, l1Entries, clusterSize, clusters };
}

function firstTable({ refcountTable, refcountBlocks }: Layout): number {
  return 1 + refcountTable + refcountBlocks;
}

function headerOf({ clusterSize, virtualSize, backing, data }: Qcow2Source, layout: Layout): Uint8Array {
  const header = Buffer.alloc(clusterSize);
  const name = backing === undefined ? Buffer.alloc(0) : bytesOf(backing.path);
  const format = Buffer.from(backing?.format ?? '');
  const padded = Math.ceil(format.length / 8) * 8;
  const nameOffset = HEADER_BYTES + (backing === undefined ? 0 : 8 + padded) + 8;
  if (name.length > LONGEST_BACKING_NAME || nameOffset + name.length > clusterSize) {
    throw new VirtSimilarityError(
      'usage',
      `expected a backing file whose path is at most ${LONGEST_BACKING_NAME} bytes, found ${name.length}; move the images to a directory with a shorter path`,
    );
  }
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(VERSION, 4);
  if (backing !== undefined) {
    header.writeBigUInt64BE(BigInt(nameOffset), 8);
    header.writeUInt32BE(name.length, 16);
  }
  header.writeUInt32BE(Math.log2(clusterSize), 20);
  header.writeBigUInt64BE(BigInt(virtualSize), 24);
  header.writeUInt32BE(layout.l1Entries, 36);
  header.writeBigUInt64BE(BigInt((firstTable(layout) + layout.ranges.length + data.length) * clusterSize), 40);
  header.writeBigUInt64BE(BigInt(clusterSize), 48);
  header.writeUInt32BE(layout.refcountTable, 56);
  header.writeUInt32BE(REFCOUNT_ORDER, 96);
  header.writeUInt32BE(HEADER_BYTES, 100);
  if (backing !== undefined) {
    header.writeUInt32BE(BACKING_FORMAT, HEADER_BYTES);
    header.writeUInt32BE(format.length, HEADER_BYTES + 4);
    format.copy(header, HEADER_BYTES + 8);
    name.copy(header, nameOffset);
  }
  return header;
}

function* refcounts({ refcountTable, refcountBlocks, clusters }: Layout, clusterSize: number): Generator<Uint8Array> {
  const table = Buffer.alloc(refcountTable * clusterSize);
  for (let block = 0; block < refcountBlocks; block++) {
    table.writeBigUInt64BE(BigInt((1 + refcountTable + block) * clusterSize), block * ENTRY_BYTES);
  }
  yield table;
  const perBlock = clusterSize / REFCOUNT_BYTES;
  for (let first = 0; first < refcountBlocks * perBlock; first += perBlock) {
    const block = Buffer.alloc(clusterSize);
    for (let cluster = first; cluster < Math.min(clusters, first + perBlock); cluster++) {
      block.writeUInt16BE(1, (cluster - first) * REFCOUNT_BYTES);
    }
    yield block;
  }
}

function* l2Tables({ clusterSize, data, zeros }: Qcow2Source, layout: Layout): Generator<Uint8Array> {
  const perTable = clustersPerTable(clusterSize);
  const firstData = firstTable(layout) + layout.ranges.length;
  let nextData = 0;
  let nextZero = 0;
  for (const range of layout.ranges) {
    const table = Buffer.alloc(clusterSize);
    const end = (range + 1) * perTable;
    for (; nextData < data.length && data[nextData]! < end; nextData++) {
      const offset = BigInt((firstData + nextData) * clusterSize);
      table.writeBigUInt64BE(COPIED | offset, (data[nextData]! % perTable) * ENTRY_BYTES);
    }
    for (; nextZero < zeros.length && zeros[nextZero]! < end; nextZero++) {
      table.writeBigUInt64BE(READS_AS_ZEROS, (zeros[nextZero]! % perTable) * ENTRY_BYTES);
    }
    yield table;
  }
}

function l1Table(layout: Layout): Uint8Array {
  const table = Buffer.alloc(layout.l1Entries * ENTRY_BYTES);
  for (const [index, range] of layout.ranges.entries()) {
    const offset = BigInt((firstTable(layout) + index) * layout.clusterSize);
    table.writeBigUInt64BE(COPIED | offset, range * ENTRY_BYTES);
  }
  return table;
}

function bytesOf(path: string): Buffer {
  return Buffer.from(systemPath(path));
}
