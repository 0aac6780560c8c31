import { writeFile } from 'node:fs/promises';
import { deflateRawSync } from 'node:zlib';

const SECTOR = 512;

/** The smallest cluster size of qcow2, in bytes. */
const CLUSTER = 512;
const L2_ENTRIES = CLUSTER / 8;
const L2_COVERAGE = L2_ENTRIES * CLUSTER;
const L1_OFFSET = 4 * CLUSTER;

/** Flags of the entries of an L2 table. */
const READS_AS_ZEROS = 1n;
const COMPRESSED = 1n << 62n;

/** Returns the entry at `index` of an L2 table. `cluster` is the position of a compressed cluster in the file. */
export type L2Pattern = (index: number, cluster: bigint) => bigint;

export const COMPRESSED_AND_ZERO: L2Pattern = (index, cluster) =>
  index % 2 === 0 ? COMPRESSED | cluster : READS_AS_ZEROS;
export const ALL_ZERO: L2Pattern = () => READS_AS_ZEROS;

/** Writes a qcow2 image with clusters of 512 bytes. All of its `l1Entries` L1 entries refer to one L2 table. */
export async function writeSharedL2(path: string, l1Entries: number, pattern: L2Pattern): Promise<void> {
  const l2 = Math.ceil((L1_OFFSET + 8 * l1Entries) / CLUSTER) * CLUSTER;
  const file = Buffer.alloc(l2 + 4 * CLUSTER);
  file.write('QFI\xfb', 0, 'latin1');
  file.writeUInt32BE(3, 4);
  file.writeUInt32BE(Math.log2(CLUSTER), 20);
  file.writeBigUInt64BE(BigInt(l1Entries * L2_COVERAGE), 24);
  file.writeUInt32BE(l1Entries, 36);
  file.writeBigUInt64BE(BigInt(L1_OFFSET), 40);
  file.writeBigUInt64BE(BigInt(CLUSTER), 48);
  file.writeUInt32BE(1, 56);
  file.writeUInt32BE(4, 96);
  file.writeUInt32BE(104, 100);
  file.writeBigUInt64BE(BigInt(2 * CLUSTER), CLUSTER);
  for (let entry = 0; entry < l1Entries; entry++) {
    file.writeBigUInt64BE(BigInt(l2), L1_OFFSET + 8 * entry);
  }
  for (let entry = 0; entry < L2_ENTRIES; entry++) {
    file.writeBigUInt64BE(pattern(entry, BigInt(l2 + CLUSTER)), l2 + 8 * entry);
  }
  deflateRawSync(Buffer.alloc(CLUSTER, 7)).copy(file, l2 + CLUSTER);
  await writeFile(path, file);
}

const GRAIN_TABLE_ENTRIES = 512;
const GRAIN_TABLE_SECTORS = (GRAIN_TABLE_ENTRIES * 4) / SECTOR;
const DIRECTORY_SECTOR = 24;
const ZERO_GRAIN = 1;

/**
 * Writes a sparse VMDK with grains of one sector. Every second grain is zeros; all others refer to the same sector. The
 * tables to which the entries of its directory refer begin `step` sectors apart; with 0, all entries refer to one
 * table.
 */
export async function writeGrainBomb(path: string, directoryEntries: number, step: number): Promise<void> {
  const table = DIRECTORY_SECTOR + Math.ceil((directoryEntries * 4) / SECTOR);
  const grain = table + (directoryEntries - 1) * step + GRAIN_TABLE_SECTORS;
  const capacity = directoryEntries * GRAIN_TABLE_ENTRIES;
  const file = Buffer.alloc((grain + 1) * SECTOR);
  file.write('KDMV', 0, 'latin1');
  file.writeUInt32LE(1, 4);
  file.writeUInt32LE(0b111, 8);
  file.writeBigUInt64LE(BigInt(capacity), 12);
  file.writeBigUInt64LE(1n, 20);
  file.writeBigUInt64LE(1n, 28);
  file.writeBigUInt64LE(20n, 36);
  file.writeUInt32LE(GRAIN_TABLE_ENTRIES, 44);
  file.writeBigUInt64LE(BigInt(DIRECTORY_SECTOR), 56);
  file.writeBigUInt64LE(BigInt(grain), 64);
  file.write('\n \r\n', 73, 'latin1');
  const fields = ['version=1', 'CID=fffffffe', 'parentCID=ffffffff', 'createType="monolithicSparse"'];
  const text = ['# Disk DescriptorFile', ...fields, '', `RW ${capacity} SPARSE "disk.vmdk"`, ''].join('\n');
  file.write(text, SECTOR, 'latin1');
  for (let entry = 0; entry < directoryEntries; entry++) {
    file.writeUInt32LE(table + entry * step, DIRECTORY_SECTOR * SECTOR + entry * 4);
  }
  for (let at = table * SECTOR, index = 0; at < grain * SECTOR; at += 4, index++) {
    file.writeUInt32LE(index % 2 === 0 ? grain : ZERO_GRAIN, at);
  }
  file.fill(9, grain * SECTOR);
  await writeFile(path, file);
}
