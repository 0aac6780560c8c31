import type { FormatInspector } from '../format-inspector.js';
import { RawRemedyError } from '../header-error.js';

const MAGIC = Buffer.from('LUKS\xba\xbe', 'latin1');

/** The note for the user on a LUKS-encrypted disk that is read as raw. */
export const LUKS_NOTE =
  'it is encrypted with LUKS, so ciphertext is compared, and encrypted clones of one disk look unrelated; decrypt it to compare its content';

/** A LUKS-encrypted disk, according to the LUKS on-disk format specifications, versions 1 and 2. */
export const luks: FormatInspector = {
  format: 'luks',
  recognize: ({ head }) => (head.subarray(0, 6).equals(MAGIC) ? 'head' : undefined),
  readHeader: async () => {
    throw new RawRemedyError('it is encrypted with LUKS; decrypt it first');
  },
};
