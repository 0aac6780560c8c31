import type { Workplace } from './command.js';

const BLOCK = 65_536;

/** A raw image whose blocks hold these numbers; 0 is a block of zeros. */
export function rawImage(...blocks: readonly number[]): Uint8Array {
  const image = new Uint8Array(blocks.length * BLOCK);
  blocks.forEach((value, index) => {
    image.fill(value, index * BLOCK, (index + 1) * BLOCK);
  });
  return image;
}

/** `base.raw`, a clone of it that differs in one block, and a system of its own. */
export async function writeFamily(workplace: Workplace): Promise<void> {
  await workplace.write('base.raw', rawImage(1, 2, 3, 4, 5, 0));
  await workplace.write('clone.raw', rawImage(1, 2, 3, 4, 6, 0));
  await workplace.write('other.raw', rawImage(7, 8, 9, 0, 7, 8));
}

/** The names of the family's images, in the order in which its tree is written. */
export const FAMILY = ['base.raw', 'clone.raw', 'other.raw'];

/** What is printed for the family. */
export const FAMILY_TREE = `\
---+------+------ base.raw
   |      |   
   |      +------ clone.raw
   |          
   +------ other.raw
       
`;
