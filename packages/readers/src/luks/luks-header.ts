import { createHash } from 'node:crypto';

/** Bytes at the beginning of a volume that {@link luksFields} needs. */
export const LUKS_FIELDS_BYTES = 208;
/** Bytes of the binary header of version 2. The JSON text follows it. */
const BINARY_HEADER_BYTES = 4096;
/** The longest header of version 2, binary header and text, that the specification allows. */
const MAX_HEADER_BYTES = 4 * 2 ** 20;
/**
 * The most bytes that are accepted before the encrypted content. Programs reserve fewer, unless the user asks for more.
 */
const MAX_PAYLOAD_OFFSET = 32 * 2 ** 20;

const MAGIC = Buffer.from('LUKS\xba\xbe', 'latin1');
const SECTOR_BYTES = 512;
const CIPHER = 'aes-xts-plain64';
/** Key lengths in bytes for AES-128 and AES-256 in XTS mode, which uses two AES keys. */
const KEY_BYTES = [32, 64];
/** Fields of the binary header of version 2. */
const HEADER_SIZE_AT = 8;
const CHECKSUM_ALGORITHM = { start: 72, end: 104 };
const CHECKSUM_AT = 448;
const CHECKSUM_BYTES = 32;
const CHECKSUM_FIELD_BYTES = 64;

const SECTOR_SIZES: readonly unknown[] = [512, 1024, 2048, 4096];
const DECIMAL = /^\d{1,15}$/;

const DAMAGED = { problem: 'its header is damaged' } as const;

/** The parameters with which the content of a LUKS volume is encrypted. */
export interface LuksLayout {
  /** Bytes from the beginning of the volume to its encrypted content. */
  readonly payload: number;
  /** Bytes that are encrypted together: from 512 to 4096. */
  readonly sectorBytes: number;
  /** The sector number in the initialization vector of the first sector, in units of 512 bytes. */
  readonly firstSector: bigint;
}

/** The reason why a volume cannot be decrypted, in words that follow "it is encrypted with LUKS, and ". */
export interface UnsupportedLuks {
  readonly problem: string;
}

/** Returns whether these bytes begin with the magic of a LUKS header. */
export function isLuks(head: Buffer): boolean {
  return head.subarray(0, MAGIC.length).equals(MAGIC);
}

/** Returns the version and the UUID, in lower case, of a LUKS header of at least `LUKS_FIELDS_BYTES`. */
export function luksFields(head: Buffer): { readonly version: number; readonly uuid: string } {
  const uuid = head.toString('latin1', 168, LUKS_FIELDS_BYTES).replace(/\0.*/s, '').toLowerCase();
  return { version: head.readUInt16BE(6), uuid };
}

/**
 * Reads how a volume is encrypted, from its LUKS header. Returns the reason if the volume cannot be decrypted here.
 *
 * Formats: LUKS1 On-Disk Format Specification 1.2.3, LUKS2 On-Disk Format Specification 1.1.1.
 *
 * @param size bytes of the volume
 * @param read returns the `length` bytes at `position` of the volume; fewer only at its end
 * @throws the errors of `read`.
 */
export async function luksLayout(
  size: number,
  read: (position: number, length: number) => Promise<Buffer>,
): Promise<LuksLayout | UnsupportedLuks> {
  const head = await read(0, BINARY_HEADER_BYTES);
  if (head.length < BINARY_HEADER_BYTES) {
    return DAMAGED;
  }
  const layout = luksFields(head).version === 1 ? version1(head) : await version2(head, read);
  if ('payload' in layout && layout.payload > Math.min(size, MAX_PAYLOAD_OFFSET)) {
    const limit = layout.payload > size ? `it ends at byte ${size}` : `the limit is ${MAX_PAYLOAD_OFFSET}`;
    return { problem: `its content begins at byte ${layout.payload}, but ${limit}` };
  }
  return layout;
}

function version1(head: Buffer): LuksLayout | UnsupportedLuks {
  const [name, mode] = [head.toString('latin1', 8, 40), head.toString('latin1', 40, 72)];
  const cipher = `${name}-${mode}`.replaceAll('\0', '');
  if (cipher !== CIPHER) {
    return unsupportedCipher(cipher);
  }
  const keyBytes = head.readUInt32BE(108);
  if (!KEY_BYTES.includes(keyBytes)) {
    return { problem: `its key has ${keyBytes} bytes, but only ${KEY_BYTES.join(' and ')} are supported` };
  }
  return { payload: head.readUInt32BE(104) * SECTOR_BYTES, sectorBytes: SECTOR_BYTES, firstSector: 0n };
}

async function version2(
  head: Buffer,
  read: (position: number, length: number) => Promise<Buffer>,
): Promise<LuksLayout | UnsupportedLuks> {
  const size = Number(head.readBigUInt64BE(HEADER_SIZE_AT));
  if (luksFields(head).version !== 2 || size <= BINARY_HEADER_BYTES || size > MAX_HEADER_BYTES) {
    return DAMAGED;
  }
  const header = Buffer.from(await read(0, size));
  return header.length === size && hasChecksum(header)
    ? layoutIn(header.toString('utf8', BINARY_HEADER_BYTES).replace(/\0.*/s, ''))
    : DAMAGED;
}

function hasChecksum(header: Buffer): boolean {
  const { start, end } = CHECKSUM_ALGORITHM;
  if (header.toString('latin1', start, end).replace(/\0.*/s, '') !== 'sha256') {
    return false;
  }
  const expected = Buffer.from(header.subarray(CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_BYTES));
  const digest = createHash('sha256')
    .update(header.fill(0, CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_FIELD_BYTES))
    .digest();
  return digest.equals(expected);
}

/**
 * Returns the layout in the JSON text of a version 2 header, which must describe exactly one segment. cryptsetup checks
 * the rest of the text.
 */
function layoutIn(text: string): LuksLayout | UnsupportedLuks {
  const metadata = jsonIn(text);
  if (metadata === undefined) {
    return DAMAGED;
  }
  const [segment, ...others] = Object.values(membersOf(membersOf(metadata).segments)).map(membersOf);
  const { requirements } = membersOf(membersOf(metadata).config);
  if (segment?.type !== 'crypt' || others.length > 0 || requirements !== undefined) {
    return { problem: 'it has more than one segment, or is being encrypted again' };
  }
  const { offset, size, encryption, sector_size: sectorBytes, iv_tweak: tweak, integrity } = segment;
  if (size !== 'dynamic') {
    return { problem: 'its encrypted content does not extend to the end of the volume' };
  }
  if (encryption !== CIPHER || integrity !== undefined) {
    return unsupportedCipher(`${encryption}${integrity === undefined ? '' : ' with integrity'}`);
  }
  const isSound = DECIMAL.test(String(offset)) && DECIMAL.test(String(tweak)) && SECTOR_SIZES.includes(sectorBytes);
  return isSound
    ? { payload: Number(offset), sectorBytes: Number(sectorBytes), firstSector: BigInt(String(tweak)) }
    : DAMAGED;
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unsupportedCipher(cipher: string): UnsupportedLuks {
  return { problem: `its cipher is ${JSON.stringify(cipher)}, but only ${CIPHER} is supported` };
}
