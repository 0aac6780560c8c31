import { LUKS } from '@virt-similarity/image-tools';
import { isLuks, luksFields } from '../../luks/luks-header.js';
import type { FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { corrupt, RawRemedyError } from '../header-error.js';
import { readExactly } from './header-fields.js';

/** Bytes of the header of version 1. The fields of version 2 that are read here are within the same length. */
const HEADER_BYTES = 592;
const SECTOR_BYTES = 512;
/** Position of the field for the payload offset in the header of version 1. The payload offset is in sectors. */
const PAYLOAD_AT = 104;

/**
 * A disk that is completely encrypted with LUKS, according to the LUKS on-disk format specifications, versions 1 and 2.
 * qemu can decrypt only version 1, so `readHeader` refuses version 2.
 */
export const luks: FormatInspector = {
  format: LUKS,
  recognize: ({ head }) => (isLuks(head) ? 'head' : undefined),
  readHeader,
};

async function readHeader(bytes: FileBytes): Promise<FormatHeader> {
  const header = await readExactly(bytes, 0, HEADER_BYTES, 'LUKS header');
  const { version, uuid } = luksFields(header);
  if (version !== 1) {
    throw new RawRemedyError(
      `it is encrypted with LUKS version ${version}, and qemu decrypts only version 1; leave out the format to decrypt it`,
    );
  }
  const payload = header.readUInt32BE(PAYLOAD_AT) * SECTOR_BYTES;
  if (payload > bytes.size) {
    throw corrupt(`its LUKS payload begins at byte ${payload}, but the file has only ${bytes.size} bytes`);
  }
  return { virtualSize: bytes.size - payload, encryption: { uuid } };
}
