import { readFile, writeFile } from 'node:fs/promises';
import { runTool } from '../../fixtures/run-tool.js';
import { patch } from './patch.js';

const SECTOR = 512;
const DESCRIPTOR_SECTORS = 20;
/** The positions of fields in a sparse extent's header and in a marker, from VMware's Virtual Disk Format 5.0. */
const CAPACITY_FIELD = 12;
const DESCRIPTOR_FIELD = 28;
const DIRECTORY_FIELD = 56;
const MARKER_TYPE_FIELD = 12;
const DIRECTORY_IN_FOOTER = 0xffff_ffff_ffff_ffffn;
const FOOTER_MARKER = 3;

/** Returns a descriptor of one flat extent of `sectors` sectors. */
export function flatDescriptor(extent: string, sectors = 256): Buffer {
  return descriptor(`RW ${sectors} FLAT "${extent}" 0`);
}

/** Returns a descriptor of a disk that is split into flat extents of `sectors` sectors each. */
export function splitFlatDescriptor(extents: readonly string[], sectors: number): string {
  const head = ['# Disk DescriptorFile', 'version=1', 'CID=fffffffe', 'parentCID=ffffffff'];
  const lines = extents.map((name) => `RW ${sectors} FLAT "${name}" 0`);
  return [...head, 'createType="twoGbMaxExtentFlat"', ...lines, ''].join('\n');
}

/** Creates a sparse image whose embedded descriptor names the file `parent` as its parent. */
export async function createWithParent(path: string, parent: string): Promise<void> {
  await runTool('qemu-img', ['create', '-q', '-f', 'vmdk', '-o', 'subformat=monolithicSparse', path, '1M']);
  const text = descriptor('RW 2048 SPARSE "x.vmdk"', `parentFileNameHint="${parent}"`, 'parentCID=12345678');
  const area = Buffer.alloc(DESCRIPTOR_SECTORS * SECTOR);
  text.copy(area);
  await patch(path, { [SECTOR]: area });
}

/**
 * Creates a stream-optimized image whose header refers to the footer. The footer declares a disk of 0 bytes, and refers
 * to a second descriptor, which names the file `extent`.
 */
export async function createWithHostileFooter(path: string, extent: string): Promise<void> {
  await runTool('qemu-img', ['create', '-q', '-f', 'vmdk', '-o', 'subformat=streamOptimized', path, '1M']);
  const image = await readFile(path);
  const footer = Buffer.from(image.subarray(0, SECTOR));
  footer.writeBigUInt64LE(0n, CAPACITY_FIELD);
  footer.writeBigUInt64LE(BigInt(image.length / SECTOR), DESCRIPTOR_FIELD);
  image.writeBigUInt64LE(DIRECTORY_IN_FOOTER, DIRECTORY_FIELD);
  const area = Buffer.alloc(DESCRIPTOR_SECTORS * SECTOR);
  flatDescriptor(extent).copy(area);
  const marker = Buffer.alloc(SECTOR);
  marker.writeBigUInt64LE(1n, 0);
  marker.writeUInt32LE(FOOTER_MARKER, MARKER_TYPE_FIELD);
  await writeFile(path, Buffer.concat([image, area, marker, footer, Buffer.alloc(SECTOR)]));
}

function descriptor(extent: string, ...fields: readonly string[]): Buffer {
  const lines = ['# Disk DescriptorFile', 'version=1', 'CID=fffffffe'];
  const rest = fields.some((field) => field.startsWith('parentCID')) ? fields : ['parentCID=ffffffff', ...fields];
  return Buffer.from([...lines, ...rest, 'createType="monolithicFlat"', '', extent, ''].join('\n'), 'latin1');
}
