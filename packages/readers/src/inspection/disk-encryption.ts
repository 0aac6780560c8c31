import { type Passphrase, type ReadOptions, wording } from '@virt-similarity/core';
import { type InspectedImage, LUKS } from '@virt-similarity/image-tools';
import { isLuks, LUKS_FIELDS_BYTES, type LuksLayout, luksFields, luksLayout } from '../luks/luks-header.js';
import type { FormatEvidence } from './decide-format.js';
import type { EncryptedVolume } from './encrypted-volumes.js';
import type { FileBytes, FormatHeader } from './format-inspector.js';
import { remedy } from './format-remedy.js';
import { refused } from './header-error.js';

/** The selector of keys for every encrypted disk and partition. */
const ALL = 'all';
/** The selector of keys for completely encrypted disks. With a number appended, it selects that partition. */
const WHOLE_DISK = '/dev/sda';

/** An encrypted volume, how to decrypt it, and the passphrases to try. */
export interface LockedVolume {
  readonly volume: EncryptedVolume & { readonly uuid: string };
  readonly layout: LuksLayout;
  /** The bytes of the volume before its encrypted content. */
  readonly header: Buffer;
  readonly passphrases: readonly Passphrase[];
}

/**
 * Returns whether a disk begins with a LUKS header of version 1, which qemu can decrypt, and `keys` has a key for it.
 */
export function hasKeyFor(head: Buffer, keys: ReadOptions['keys']): boolean {
  if (!isLuks(head) || head.length < LUKS_FIELDS_BYTES) {
    return false;
  }
  const { version, uuid } = luksFields(head);
  return version === 1 && passphrasesOf(keys, uuid, WHOLE_DISK).length > 0;
}

/**
 * Returns the passphrases to try for an image whose header says that its data is encrypted. Returns none if the header
 * does not say that, or if the user gave no key for the image.
 *
 * @throws `HeaderError` if the format LUKS was stated and there is no passphrase.
 */
export function passphrasesFor(
  { encryption }: FormatHeader,
  evidence: FormatEvidence,
  { keys }: ReadOptions,
): readonly Passphrase[] {
  if (encryption === undefined) {
    return [];
  }
  const passphrases = passphrasesOf(keys, encryption.uuid, WHOLE_DISK);
  if (passphrases.length === 0 && evidence.stated === LUKS) {
    const key = { option: 'keys', value: `${encryption.uuid}:file:FILE` };
    throw refused(
      wording`it is encrypted with LUKS; pass its passphrase with ${key}, or ${remedy(evidence, 'raw')} to compare its ciphertext`,
    );
  }
  return passphrases;
}

function passphrasesOf(keys: ReadOptions['keys'], uuid: string, device: string): readonly Passphrase[] {
  const matching = keys?.filter(({ selector }) => [ALL, device, uuid].includes(selector)) ?? [];
  return matching.flatMap(({ passphrases }) => passphrases);
}

/**
 * Returns the encrypted volumes for which the user gave keys, with what is needed to unlock them. Returns none unless
 * the user named the disk and stated no format. A backing file is read as it is stored, because the clusters of its
 * overlay are ciphertext too. A disk with the stated format raw is also read as it is stored.
 *
 * @throws `HeaderError` if there is a key for a volume that cannot be decrypted here, or if the file cannot be read.
 */
export async function volumesToUnlock(
  volumes: readonly EncryptedVolume[],
  evidence: FormatEvidence,
  bytes: FileBytes,
  { keys }: ReadOptions,
): Promise<LockedVolume[]> {
  const locked: LockedVolume[] = [];
  for (const volume of evidence.stated === undefined && evidence.statedBy === 'user' ? volumes : []) {
    const { uuid, partition = '', start } = volume;
    const passphrases = uuid === undefined ? [] : passphrasesOf(keys, uuid, `${WHOLE_DISK}${partition}`);
    if (uuid === undefined || passphrases.length === 0) {
      continue;
    }
    const layout = await luksLayout(volume.length, (position, length) => bytes.read(start + position, length));
    if ('problem' in layout) {
      throw refused(
        wording`${subjectOf(volume)} is encrypted with LUKS, and ${layout.problem}; ${remedy(evidence, 'raw')} to compare its ciphertext`,
      );
    }
    locked.push({ volume: { ...volume, uuid }, layout, header: await bytes.read(start, layout.payload), passphrases });
  }
  return locked;
}

function subjectOf({ partition }: EncryptedVolume): string {
  return partition === undefined ? 'it' : `its partition ${partition}`;
}

/**
 * Returns how an encrypted disk is read (`decrypted` if at least one of its volumes is decrypted, otherwise
 * `ciphertext`), and the volumes that are read as ciphertext. Returns an empty object for a disk that is not encrypted.
 *
 * @param secrets the passphrases and volumes with which the disk is decrypted; empty if it is not decrypted
 * @param opaque the encrypted volumes that are not decrypted
 */
export function encryptionRead(
  { encryption }: FormatHeader,
  secrets: readonly unknown[],
  opaque: readonly EncryptedVolume[],
  { stated, statedBy }: FormatEvidence,
): Pick<InspectedImage, 'encryption' | 'ciphertext'> {
  const isDecrypted = secrets.length > 0;
  const whole = encryption && !isDecrypted && [{ encryption: 'LUKS', partition: undefined, uuid: encryption.uuid }];
  const takesKeys = encryption !== undefined || (statedBy === 'user' && stated === undefined);
  const ciphertext = (whole || opaque).map(({ encryption: scheme, partition, uuid }) => ({
    scheme,
    ...(partition !== undefined && { partition }),
    ...(takesKeys && uuid !== undefined && { selector: uuid }),
  }));
  if (ciphertext.length === 0) {
    return isDecrypted ? { encryption: 'decrypted' } : {};
  }
  return { encryption: isDecrypted ? 'decrypted' : 'ciphertext', ciphertext };
}
