import { isLuks, luksFields } from '../luks/luks-header.js';
import type { FileBytes } from './format-inspector.js';

/** An encrypted volume of a raw disk: the complete disk, or one of its partitions. */
export interface EncryptedVolume extends Place {
  /** Name of the encryption, such as `LUKS`. */
  readonly encryption: string;
  /** UUID of the LUKS header, in lower case; absent for other encryptions. */
  readonly uuid?: string;
}

/** A range of the disk that is examined: the complete disk, or a partition. */
interface Place {
  /** Number of the partition, as the Linux kernel counts; `undefined` for the complete disk. */
  readonly partition: number | undefined;
  /** Position of its first byte in the disk. */
  readonly start: number;
  /**
   * Bytes. The length of a partition is that in the partition table, so the partition can extend past the end of the
   * disk.
   */
  readonly length: number;
}

const SECTOR_BYTES = 512;
/** Bytes at the beginning of a volume that contain every signature and field that is examined. */
const VOLUME_BYTES = 2048;

/** Name of the only encryption that can be decrypted here. */
const LUKS = 'LUKS';

const BOOT_SIGNATURE = { at: 510, value: 0xaa55 };
const MBR_ENTRIES = { at: 446, count: 4, bytes: 16 };
const EXTENDED_TYPES = new Set([0x05, 0x0f, 0x85]);
const PROTECTIVE_TYPE = 0xee;
const FIRST_LOGICAL = 5;
/** The most logical partitions of an extended partition that are examined. */
const MAX_LOGICAL = 64;

const GPT_MAGIC = 'EFI PART';
const GPT_HEADER_BYTES = 92;
/** The lengths of logical sectors that are tried, in bytes. The header of a GPT is in the second sector. */
const GPT_SECTORS = [512, 4096] as const;
/**
 * Entries after the 128th are not examined. Each entry is assumed to have 128 bytes; the entry size that the header
 * states is ignored.
 */
const GPT_ENTRIES = { count: 128, bytes: 128 };

/**
 * Returns the encrypted volumes of a raw disk: the complete disk if it is encrypted, otherwise its encrypted
 * partitions; none if no encryption is found. Reads the partition table (MBR or GPT) and the beginning of each
 * partition. Damaged tables are not an error: partitions that they do not show are not examined. Volumes of which fewer
 * than 2048 bytes are within the file are not examined either.
 *
 * Formats: the LUKS specifications; the UEFI specification, "GUID Partition Table"; "BitLocker Drive Encryption (BDE)
 * format" and "Core Storage format" of libbde and libfvde; Apple File System Reference, `nx_superblock_t`.
 *
 * @throws `HeaderError` if the file cannot be read.
 */
export async function encryptedVolumes(bytes: FileBytes): Promise<readonly EncryptedVolume[]> {
  const whole = await encryptionAt(bytes, { partition: undefined, start: 0, length: bytes.size });
  if (whole.length > 0) {
    return whole;
  }
  const found: EncryptedVolume[] = [];
  for (const place of await partitionsOf(bytes)) {
    found.push(...(await encryptionAt(bytes, place)));
  }
  return found;
}

async function encryptionAt(bytes: FileBytes, place: Place): Promise<EncryptedVolume[]> {
  if (place.start + VOLUME_BYTES > bytes.size) {
    return [];
  }
  const head = await bytes.read(place.start, VOLUME_BYTES);
  const encryption = encryptionOf(head);
  if (encryption === undefined) {
    return [];
  }
  return [{ ...place, encryption, ...(encryption === LUKS && { uuid: luksFields(head).uuid }) }];
}

function encryptionOf(volume: Buffer): string | undefined {
  if (isLuks(volume)) {
    return LUKS;
  }
  if (volume.toString('latin1', 3, 11) === '-FVE-FS-') {
    return 'BitLocker';
  }
  // A physical volume that is encrypted with AES-XTS.
  if (volume.toString('latin1', 88, 90) === 'CS' && volume.readUInt32LE(172) === 2) {
    return 'FileVault (CoreStorage)';
  }
  // NX_CRYPTO_SW: software encrypts the container's volumes.
  if (volume.toString('latin1', 32, 36) === 'NXSB' && (volume.readUInt32LE(1264) & 4) !== 0) {
    return 'FileVault (APFS)';
  }
  return undefined;
}

async function partitionsOf(bytes: FileBytes): Promise<readonly Place[]> {
  const primary = await mbrEntries(bytes, 0);
  if (primary.some(({ type }) => type === PROTECTIVE_TYPE)) {
    return gptPartitions(bytes);
  }
  const places: Place[] = [];
  for (const [index, { type, start, sectors }] of primary.entries()) {
    if (EXTENDED_TYPES.has(type)) {
      places.push(...(await logicalPartitions(bytes, start)));
    } else if (type !== 0) {
      places.push({ partition: index + 1, start: start * SECTOR_BYTES, length: sectors * SECTOR_BYTES });
    }
  }
  return places;
}

/**
 * An entry of an MBR partition table. `start` and `sectors` are in sectors of 512 bytes. In an entry that points to the
 * next table of an extended partition, `start` counts from the beginning of the extended partition. In every other
 * entry, `start` counts from the sector that contains the table. A `type` of 0 means that the entry is unused.
 */
interface MbrEntry {
  readonly type: number;
  readonly start: number;
  readonly sectors: number;
}

/**
 * Returns the four entries of the MBR partition table in the sector that begins at byte `position`; none if the sector
 * is incomplete or has no boot signature.
 */
async function mbrEntries(bytes: FileBytes, position: number): Promise<MbrEntry[]> {
  const sector = await bytes.read(position, SECTOR_BYTES);
  if (sector.length < SECTOR_BYTES || sector.readUInt16LE(BOOT_SIGNATURE.at) !== BOOT_SIGNATURE.value) {
    return [];
  }
  return Array.from({ length: MBR_ENTRIES.count }, (_, index) => {
    const at = MBR_ENTRIES.at + index * MBR_ENTRIES.bytes;
    return { type: sector[at + 4]!, start: sector.readUInt32LE(at + 8), sectors: sector.readUInt32LE(at + 12) };
  });
}

/**
 * Returns the logical partitions of the extended partition that begins at sector `extended`. Follows its chain of
 * partition tables: in each, the first entry is a logical partition, and the second points to the next table.
 */
async function logicalPartitions(bytes: FileBytes, extended: number): Promise<Place[]> {
  const places: Place[] = [];
  let table = extended;
  while (places.length < MAX_LOGICAL) {
    const [logical, next] = await mbrEntries(bytes, table * SECTOR_BYTES);
    if (logical === undefined || logical.type === 0) {
      break;
    }
    places.push({
      partition: FIRST_LOGICAL + places.length,
      start: (table + logical.start) * SECTOR_BYTES,
      length: logical.sectors * SECTOR_BYTES,
    });
    if (!EXTENDED_TYPES.has(next!.type)) {
      break;
    }
    table = extended + next!.start;
  }
  return places;
}

async function gptPartitions(bytes: FileBytes): Promise<Place[]> {
  for (const sectorBytes of GPT_SECTORS) {
    const header = await bytes.read(sectorBytes, GPT_HEADER_BYTES);
    if (header.length === GPT_HEADER_BYTES && header.toString('latin1', 0, GPT_MAGIC.length) === GPT_MAGIC) {
      const count = Math.min(header.readUInt32LE(80), GPT_ENTRIES.count);
      const table = await bytes.read(positionAt(header, 72, sectorBytes), count * GPT_ENTRIES.bytes);
      return Array.from({ length: Math.floor(table.length / GPT_ENTRIES.bytes) }, (_, index) => {
        const start = positionAt(table, index * GPT_ENTRIES.bytes + 32, sectorBytes);
        const lastSector = positionAt(table, index * GPT_ENTRIES.bytes + 40, sectorBytes);
        return { partition: index + 1, start, length: lastSector + sectorBytes - start };
      }).filter(({ start, length }) => start > 0 && length > 0);
    }
  }
  return [];
}

/**
 * Returns the position, in bytes, of the sector whose number is at byte `at` of `table`; capped so that adding
 * `VOLUME_BYTES` stays a safe integer.
 */
function positionAt(table: Buffer, at: number, sectorBytes: number): number {
  return Math.min(Number(table.readBigUInt64LE(at)) * sectorBytes, Number.MAX_SAFE_INTEGER - VOLUME_BYTES);
}
