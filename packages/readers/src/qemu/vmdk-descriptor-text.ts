import type { VmdkDescriptorFields } from '../inspection/inspected-image.js';

/**
 * A VMDK text descriptor with these fields, whose extents are the files of these names, in order.
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
    ...extents.map(({ kind, sectors, first }, index) => {
      const start = kind === 'FLAT' || kind === 'VMFS' ? ` ${first}` : '';
      return `RW ${sectors} ${kind} "${names[index]}"${start}`;
    }),
    '# The Disk Data Base',
    '#DDB',
    'ddb.adapterType = "lsilogic"',
    '',
  ];
  return Buffer.from(lines.join('\n'), 'latin1');
}
