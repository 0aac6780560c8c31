import { checkedParts, checksumOf } from '../fixtures/vhdx-image.js';
import { applied, type Mutation } from './field-mutations.js';

const VPC_FOOTER_BYTES = 512;
const VPC_CHECKSUM = { start: 64, end: 68 };

/**
 * Adds patches that correct the checksums of vpc and vhdx images, because nearly every mutation of these images would
 * otherwise be refused. Returns mutations of other formats unchanged.
 */
export function withChecksums(format: string, content: Buffer, mutation: Mutation): Mutation {
  if (format !== 'vpc' && format !== 'vhdx') {
    return mutation;
  }
  const changed = applied(content, mutation);
  if (format === 'vhdx') {
    const parts = checkedParts(changed);
    const sums = parts.map(([at, length]) => ({ offset: at + 4, bytes: checksumOf(changed, at, length) }));
    return { ...mutation, patches: [...mutation.patches, ...sums] };
  }
  const footers = [0, changed.length - VPC_FOOTER_BYTES].filter(
    (at) => at >= 0 && changed.toString('latin1', at, at + 8) === 'conectix',
  );
  return { ...mutation, patches: [...mutation.patches, ...footers.map((at) => checksumPatch(changed, at))] };
}

function checksumPatch(changed: Buffer, footer: number) {
  const { start, end } = VPC_CHECKSUM;
  const sum = changed
    .subarray(footer, footer + VPC_FOOTER_BYTES)
    .reduce((total, byte, index) => (index >= start && index < end ? total : total + byte), 0);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(~sum >>> 0);
  return { offset: footer + start, bytes };
}
