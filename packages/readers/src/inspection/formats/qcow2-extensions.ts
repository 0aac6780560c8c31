import type { FileBytes } from '../format-inspector.js';
import { corrupt } from '../header-error.js';
import { headerText } from './header-fields.js';
import type { Qcow2FixedHeader } from './qcow2-header.js';

const EXTENSION_END = 0;
const EXTENSION_BACKING_FORMAT = 0xe2792aca;
const EXTENSION_EXTERNAL_DATA = 0x44415441;
const EXTENSION_ENCRYPTION = 0x0537be77;
const EXTENSION_BITMAPS = 0x23852875;

const EXTENSION_HEADER_BYTES = 8;
const MAX_BACKING_FORMAT_BYTES = 15;
const BITMAPS_BYTES = 24;
const MAX_BITMAPS = 65_535;
const LUKS_HEADER_BYTES = 16;
const MAX_BITMAP_DIRECTORY_BYTES = 1024n * BigInt(MAX_BITMAPS);

/** The location of an image's dirty bitmap descriptions. */
export interface BitmapDirectory {
  /** Number of bitmaps that the directory describes. */
  readonly bitmaps: number;
  /** Bytes from the beginning of the file. */
  readonly position: bigint;
  /** Bytes. */
  readonly length: bigint;
}

/** The extensions of a qcow2 header that are relevant here. */
export interface Qcow2Extensions {
  readonly externalData: boolean;
  readonly backingFormat: string | undefined;
  readonly bitmapDirectory: BitmapDirectory | undefined;
  readonly luksHeader: LuksHeader | undefined;
}

/** The location of the LUKS header of an encrypted image, in bytes. */
export interface LuksHeader {
  readonly position: bigint;
  readonly length: bigint;
}

/**
 * Reads the extensions after a fixed header, as `qcow2_read_extensions` of qemu's block/qcow2.c does.
 *
 * @throws `HeaderError` if an extension is damaged, contradicts the fixed header or is missing although the image is
 * encrypted, or if the file cannot be read.
 */
export async function readExtensions(bytes: FileBytes, fixed: Qcow2FixedHeader): Promise<Qcow2Extensions> {
  let externalData = false;
  let backingFormat: string | undefined;
  let bitmapDirectory: BitmapDirectory | undefined;
  let luksHeader: LuksHeader | undefined;
  for (const { type, data } of extensionsIn(await readArea(bytes, fixed))) {
    switch (type) {
      case EXTENSION_EXTERNAL_DATA:
        externalData = true;
        break;
      case EXTENSION_BACKING_FORMAT:
        backingFormat = readBackingFormat(data);
        break;
      case EXTENSION_ENCRYPTION:
        luksHeader = readLuksHeader(data, fixed);
        break;
      case EXTENSION_BITMAPS:
        bitmapDirectory = readBitmapDirectory(data, fixed);
        break;
    }
  }
  if (fixed.isEncrypted && luksHeader === undefined) {
    throw corrupt('it is encrypted, but its header has no extension for encryption');
  }
  return { externalData, backingFormat, bitmapDirectory, luksHeader };
}

/**
 * Reads the bytes from the fixed header's end to the backing file's name, or to the end of the first cluster if there
 * is no name. Bytes past the end of the file count as zeros, which end the extensions.
 */
async function readArea(bytes: FileBytes, fixed: Qcow2FixedHeader): Promise<Buffer> {
  const { headerBytes, clusterBytes, backingOffset } = fixed;
  const end = backingOffset === 0n ? clusterBytes : Number(backingOffset);
  const area = Buffer.alloc(Math.max(0, end - headerBytes));
  (await bytes.read(headerBytes, area.length)).copy(area);
  return area;
}

interface Extension {
  readonly type: number;
  readonly data: Buffer;
}

function* extensionsIn(area: Buffer): Generator<Extension, void> {
  let position = 0;
  while (position < area.length) {
    const start = position + EXTENSION_HEADER_BYTES;
    const type = start > area.length ? EXTENSION_END : area.readUInt32BE(position);
    const end = start > area.length ? start : start + area.readUInt32BE(position + 4);
    if (end > area.length) {
      throw corrupt('a header extension ends after the header');
    }
    if (type === EXTENSION_END) {
      return;
    }
    yield { type, data: area.subarray(start, end) };
    position = start + Math.ceil((end - start) / 8) * 8;
  }
}

function readBackingFormat(data: Buffer): string {
  if (data.length > MAX_BACKING_FORMAT_BYTES) {
    throw corrupt(`its backing format has ${data.length} bytes; expected at most ${MAX_BACKING_FORMAT_BYTES}`);
  }
  return headerText(data, 'backing format');
}

function readLuksHeader(data: Buffer, { isEncrypted, clusterBytes }: Qcow2FixedHeader): LuksHeader {
  if (!isEncrypted) {
    throw corrupt('its header has an extension for encryption, but it is not encrypted');
  }
  if (data.length !== LUKS_HEADER_BYTES) {
    throw corrupt(`its header extension for encryption has ${data.length} bytes; expected ${LUKS_HEADER_BYTES}`);
  }
  const [position, length] = [data.readBigUInt64BE(0), data.readBigUInt64BE(8)];
  if (position % BigInt(clusterBytes) !== 0n) {
    throw corrupt(`its LUKS header is at byte ${position}; expected the beginning of a cluster`);
  }
  return { position, length };
}

function readBitmapDirectory(
  data: Buffer,
  { hasBitmaps, clusterBytes }: Qcow2FixedHeader,
): BitmapDirectory | undefined {
  if (data.length !== BITMAPS_BYTES) {
    throw corrupt(`its header extension for bitmaps has ${data.length} bytes; expected ${BITMAPS_BYTES}`);
  }
  if (!hasBitmaps) {
    return undefined;
  }
  const bitmaps = data.readUInt32BE(0);
  const [length, position] = [data.readBigUInt64BE(8), data.readBigUInt64BE(16)];
  if (data.readUInt32BE(4) !== 0 || bitmaps < 1 || bitmaps > MAX_BITMAPS) {
    throw corrupt(
      `its header extension for bitmaps has ${bitmaps} bitmaps; expected 1 to ${MAX_BITMAPS}, and zeros in its reserved field`,
    );
  }
  if (length < 1n || length > MAX_BITMAP_DIRECTORY_BYTES || position % BigInt(clusterBytes) !== 0n) {
    throw corrupt(
      `its bitmap directory has ${length} bytes at byte ${position}; expected 1 to ${MAX_BITMAP_DIRECTORY_BYTES} at the beginning of a cluster`,
    );
  }
  return { bitmaps, position, length };
}
