import { readFile, writeFile } from 'node:fs/promises';
import { runTool } from '../../fixtures/run-tool.js';
import { be64, patch } from './patch.js';

/** The positions of fields in a qcow2 header, from qemu's docs/interop/qcow2.txt. */
export const QCOW2_FIELDS = {
  virtualSize: 24,
  l1Entries: 36,
  l1Offset: 40,
  refcountOffset: 48,
  incompatible: 72,
} as const;

/** The bits of an L1 or L2 entry that are an offset in the file. */
const OFFSET_BITS = 0x00ff_ffff_ffff_fe00n;

/** Options for creating an image. */
export interface Qcow2Options {
  readonly size?: string;
  /** The backing file's name, written to the header unchanged. The file is not opened. */
  readonly backing?: string;
  readonly backingFormat?: string;
  /** Options for `qemu-img create -o`. */
  readonly creation?: string;
}

/** Creates an empty image. */
export async function createQcow2(path: string, options: Qcow2Options = {}): Promise<void> {
  const { size = '1M', backing, backingFormat = 'raw', creation } = options;
  const over = backing === undefined ? [] : ['-u', '-b', backing, '-F', backingFormat];
  const created = creation === undefined ? [] : ['-o', creation];
  await runTool('qemu-img', ['create', '-q', '-f', 'qcow2', ...over, ...created, path, size]);
}

/**
 * Fills a range of the guest's disk with a byte. The second argument consists of the value of the byte, the offset in
 * bytes, and the length as qemu-io reads it, such as `64k`.
 */
export async function writeGuest(
  path: string,
  [value, offset, length]: readonly [number, number, string],
  storage: 'plain' | 'compressed' = 'plain',
): Promise<void> {
  const write = storage === 'compressed' ? 'write -c' : 'write';
  await runTool('qemu-io', ['-f', 'qcow2', '-c', `${write} -P ${value} ${offset} ${length}`, path]);
}

/** The positions of the tables in the file of an image with one L2 table. */
export interface Qcow2Tables {
  readonly l1: number;
  readonly l2: number;
  readonly refcountTable: number;
  readonly refcountBlock: number;
  /** The first entry of the L2 table. */
  readonly firstEntry: Buffer;
}

/** Returns the positions of the tables of an image with one L2 table and one refcount block. */
export async function tablesOf(path: string): Promise<Qcow2Tables> {
  const bytes = await readFile(path);
  const offset = (position: number) => Number(bytes.readBigUInt64BE(position) & OFFSET_BITS);
  const l1 = offset(QCOW2_FIELDS.l1Offset);
  const l2 = offset(l1);
  const refcountTable = offset(QCOW2_FIELDS.refcountOffset);
  return { l1, l2, refcountTable, refcountBlock: offset(refcountTable), firstEntry: bytes.subarray(l2, l2 + 8) };
}

/** The default cluster size in bytes. */
const CLUSTER = 65_536;
/** The bit of an L1 or L2 entry for a cluster that is used exactly once. */
const COPIED = 1n << 63n;

/**
 * Copies the L2 table of an image with one such table to the end of the file, and makes the L1 table refer to the copy.
 */
export async function moveL2ToEnd(path: string): Promise<void> {
  const { l1, l2 } = await tablesOf(path);
  const end = await appendCluster(path, l2);
  await patch(path, { [l1]: be64(BigInt(end) | COPIED) });
}

/** Copies the refcount block to the end of the file, and makes the refcount table refer to the copy. */
export async function moveRefcountsToEnd(path: string): Promise<void> {
  const { refcountTable, refcountBlock } = await tablesOf(path);
  const end = await appendCluster(path, refcountBlock);
  await patch(path, { [refcountTable]: be64(BigInt(end)) });
}

/** Copies a cluster to the end of the file. Returns the offset of the copy. */
async function appendCluster(path: string, from: number): Promise<number> {
  const bytes = await readFile(path);
  const end = Math.ceil(bytes.length / CLUSTER) * CLUSTER;
  await patch(path, { [end]: bytes.subarray(from, from + CLUSTER) });
  return end;
}

/** Replaces a name that qemu-img wrote to a header with a name of the same length. */
export async function replaceName(path: string, from: string, to: string): Promise<void> {
  const bytes = await readFile(path);
  const position = bytes.indexOf(from);
  if (position < 0 || Buffer.byteLength(from) !== Buffer.byteLength(to)) {
    throw new Error(`expected the name ${from}, as long as ${to}, in ${path}`);
  }
  bytes.write(to, position);
  await writeFile(path, bytes);
}
