import type { KeyObject } from 'node:crypto';
import type { CiphertextVolume, Encryption, FileStamp, Passphrase } from '@virt-similarity/core';

/** qemu's name for the format of a disk that is encrypted as a whole, and for the encryption of qcow2 images. */
export const LUKS = 'luks';

/**
 * A disk image as described by its own headers. Every file that holds its content has been found and checked against
 * the policy. Tools must not open any other file to read the image.
 */
export interface InspectedImage {
  /**
   * qemu's name of the format: `raw`, `qcow2`, `vmdk`, `vdi`, `vhdx`, `vpc`, `qed`, `parallels`, `dmg`, … Any other
   * name is the form of a raw disk that qemu does not read: `split`, `gzip`, …
   */
  readonly format: string;
  /** The file that holds the header. */
  readonly file: FileStamp;
  /** Whether `file` is a block device. */
  readonly isDevice: boolean;
  /** Set if the image is only this part of `file`: a file in an archive. The image then has no other files. */
  readonly range?: ByteRange | undefined;
  /**
   * Files besides `file` that hold the guest's data, in order: the extents of a VMDK descriptor, or the parts of a
   * split disk after the first part.
   */
  readonly extentFiles: readonly FileStamp[];
  /**
   * Bytes that the guest sees, as qemu counts them with `driverOptions`; for a raw image, the size of the file or of
   * its `range`; for a compressed disk, the compressed size, because only decompression shows the size of the disk.
   */
  readonly virtualSize: number;
  /** Options with which qemu's driver of the format reads the image correctly. */
  readonly driverOptions?: Readonly<Record<string, string>> | undefined;
  /** The fields of a VMDK's text descriptor; its extents correspond to `extentFiles`, in the same order. */
  readonly descriptor?: VmdkDescriptorFields | undefined;
  /**
   * Whether this image's own content is read as ciphertext or decrypted; absent if the image itself is not encrypted.
   */
  readonly encryption?: Encryption | undefined;
  /** The encrypted volumes of the disk that are read as ciphertext; absent if there are none. */
  readonly ciphertext?: readonly CiphertextVolume[] | undefined;
  /** The passphrase with which qemu's driver of the format decrypts the disk. Set if qemu decrypts the disk. */
  readonly passphrase?: Passphrase | undefined;
  /** The encrypted volumes of a raw disk that this program, not qemu, decrypts. If set, `encryption` is `decrypted`. */
  readonly volumes?: readonly UnlockedVolume[] | undefined;
  /** The backing image, which provides the content wherever this image holds none. */
  readonly backing: InspectedImage | undefined;
  /**
   * How concurrent writers are treated: `beside-writers` reads despite writers, because the user allowed it;
   * `without-writers` makes opening fail if there is a writer. When absent, no tool has to check.
   */
  readonly access?: 'beside-writers' | 'without-writers' | undefined;
}

/** A part of a file. Both numbers are in bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** A volume that is encrypted with LUKS, and its key. Positions and lengths are in bytes. */
export interface UnlockedVolume {
  /** Number of its partition; `undefined` if it is the disk as a whole. */
  readonly partition: number | undefined;
  /** UUID of its header. */
  readonly uuid: string;
  readonly start: number;
  readonly length: number;
  /** Bytes from the beginning of the volume to its encrypted content. */
  readonly payload: number;
  /** Bytes that are encrypted together: from 512 to 4096. */
  readonly sectorBytes: number;
  /** The number that the initialization vector of the first sector contains; it counts units of 512 bytes. */
  readonly firstSector: bigint;
  /** The key of AES in XTS mode: 32 or 64 bytes. */
  readonly key: KeyObject;
}

/** The fields of a VMDK's text descriptor. */
export interface VmdkDescriptorFields {
  /** The content ID, which VMware changes with the content: 8 hexadecimal digits. */
  readonly cid: string;
  /** The parent's `cid`; `ffffffff` if there is no parent. */
  readonly parentCid: string;
  readonly createType: string;
  readonly extents: readonly {
    readonly kind: 'FLAT' | 'VMFS' | 'SPARSE' | 'VMFSSPARSE' | 'SESPARSE';
    /** Size that the guest sees, in sectors of 512 bytes. */
    readonly sectors: bigint;
    /** The sector of the extent's file at which the extent begins; 0 unless the extent is flat. */
    readonly first: bigint;
  }[];
}

/** Returns the part of an image's file that is the image. */
export function rangeOf({ file, range }: Pick<InspectedImage, 'file' | 'range'>): ByteRange {
  return range ?? { offset: 0, length: Number(file.size) };
}

/**
 * Returns whether the content of the image, without its backing images, can change although the timestamps of its files
 * stay the same.
 */
export function hasVolatileContent({ isDevice, access }: InspectedImage): boolean {
  return isDevice || access === 'beside-writers';
}
