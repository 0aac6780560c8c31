import type { VmdkDescriptorFields } from './inspected-image.js';

/**
 * Formats a VMDK text descriptor. `names` are the files of the extents, in order.
 *
 * Format: VMware's "Virtual Disk Format 5.0"
 */
export function vmdkDescriptorText(fields: VmdkDescriptorFields, names: readonly string[]): Uint8Array {
  const { cid, parentCid, createType, extents } = fields;
  const lines = [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${cid}`,
    `parentCID=${parentCid}`,
    `createType="${createType}"`,
    '# Extent description',
    // A VMFS extent is written as FLAT, because qemu accepts no first sector for VMFS.
    ...extents.map(({ kind, sectors, first }, index) =>
      kind === 'FLAT' || kind === 'VMFS'
        ? `RW ${sectors} FLAT "${names[index]}" ${first}`
        : `RW ${sectors} ${kind} "${names[index]}"`,
    ),
    '# The Disk Data Base',
    '#DDB',
    'ddb.adapterType = "lsilogic"',
    '',
  ];
  return Buffer.from(lines.join('\n'), 'latin1');
}
