import type { Workplace } from './command.js';

const BLOCK = 65_536;

/** Returns a raw image whose blocks are filled with these numbers. 0 is a block of zeros. */
export function rawImage(...blocks: readonly number[]): Uint8Array {
  const image = new Uint8Array(blocks.length * BLOCK);
  blocks.forEach((value, index) => {
    image.fill(value, index * BLOCK, (index + 1) * BLOCK);
  });
  return image;
}

/** Writes `base.raw`, a clone of it that differs in one block, and an unrelated image. */
export async function writeFamily(workplace: Workplace): Promise<void> {
  await workplace.write('base.raw', rawImage(1, 2, 3, 4, 5, 0));
  await workplace.write('clone.raw', rawImage(1, 2, 3, 4, 6, 0));
  await workplace.write('other.raw', rawImage(7, 8, 9, 0, 7, 8));
}

/** The names of the family's images, in the order of the tree. */
export const FAMILY = ['base.raw', 'clone.raw', 'other.raw'];

/** The tree that is printed for the family. */
export const FAMILY_TREE = `\
---+------+------ base.raw
   |      |   
   |      +------ clone.raw
   |          
   +------ other.raw
       
`;
