import type { Analysis, HashVector } from '@virt-similarity/core';

/** The largest number of sections into which a disk is divided. */
const SECTIONS = 200;
/** The prime of 32-bit FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/. */
const PRIME = 0x01000193;
/** The initial values of the two halves of a digest: the offset basis of FNV-1a, and its hash of a zero byte. */
const BASES = [0x811c9dc5, 0x050c5d1f] as const;

/**
 * Digests of the sections of all disks. Sections with equal digests have equal content, except for collisions, which
 * are improbable unless they are made on purpose. A digest of zeros means a section of zeros.
 */
export interface SectionDigests {
  /** Number of sections of each disk. Sections past the end of a disk have digests of zeros. */
  readonly count: number;
  /** Number of blocks in a section. */
  readonly blocks: number;
  /** For each image and section: two 32-bit numbers, little-endian. All of them are encoded as base64. */
  readonly digests: string;
}

/**
 * Combines the digests of blocks into 64-bit digests of sections. With these, a page without hash vectors can show
 * where the disks of any pair are equal. Returns `null` if an image has no hash vector.
 *
 * Both halves of a digest mix in block numbers and bytes as FNV-1a does; the second half also mixes in its own high
 * bits.
 *
 * @throws the errors of reading the hash vectors.
 */
export async function sectionDigests({ images, parameters }: Analysis): Promise<SectionDigests | null> {
  const vectors = images.map(({ vector }) => vector);
  if (vectors.some((vector) => vector === undefined)) {
    return null;
  }
  const blocks = images.reduce((most, image) => Math.max(most, Math.ceil(image.virtualSize / parameters.blockSize)), 1);
  const count = Math.min(SECTIONS, blocks);
  const section = Math.ceil(blocks / count);
  const digests = new Uint32Array(images.length * count * 2);
  for (const [image, vector] of vectors.entries()) {
    await addSections(vector!, section, digests.subarray(image * count * 2, (image + 1) * count * 2));
  }
  return { count, blocks: section, digests: Buffer.from(digests.buffer).toString('base64') };
}

async function addSections(vector: HashVector, blocks: number, target: Uint32Array): Promise<void> {
  const { digestLength } = vector;
  for await (const rows of vector.rows()) {
    for (const [row, block] of rows.blocks.entries()) {
      const at = 2 * Math.floor(block / blocks);
      let [one, other] = [target[at]! || BASES[0], target[at + 1]! || BASES[1]];
      one = Math.imul(one ^ block, PRIME);
      other = Math.imul(other ^ block, PRIME);
      for (let index = row * digestLength; index < (row + 1) * digestLength; index++) {
        one = Math.imul(one ^ rows.digests[index]!, PRIME);
        other = Math.imul(other ^ rows.digests[index]! ^ (other >>> 15), PRIME);
      }
      target[at] = one;
      target[at + 1] = other;
    }
  }
}
