import type { FormatInspector } from '../format-inspector.js';
import { refused } from '../header-error.js';

const MAGIC = Buffer.from('LUKS\xba\xbe', 'latin1');

/** An encrypted disk, after the LUKS on-disk format specifications, versions 1 and 2. */
export const luks: FormatInspector = {
  format: 'luks',
  recognize: ({ head }) => (head.subarray(0, 6).equals(MAGIC) ? 'head' : undefined),
  readHeader: async () => {
    throw refused('it is encrypted with LUKS; decrypt it first, or pass --format raw to compare its bytes as they are');
  },
};
