import type { Stamp } from '@virt-similarity/core';

/**
 * A disk image as its own headers describe it, with every file that its content comes from found and checked
 * against the policy. Nothing outside this tree may be opened on the image's behalf.
 */
export interface InspectedImage {
  /** As qemu names it: `raw`, `qcow2`, `vmdk`, `vdi`, `vhdx`, `vpc`, `qed`, `parallels`, `dmg`, … */
  readonly format: string;
  /** The file that holds the header. */
  readonly file: Stamp;
  /** Whether `file` is a block device. */
  readonly isDevice: boolean;
  /** Files that hold the guest's data where the header's file does not: extents of a VMDK descriptor. In order. */
  readonly extentFiles: readonly Stamp[];
  /** Bytes that the guest sees, as qemu counts them given `driverOptions`; a raw image's is its file's size. */
  readonly virtualSize: number;
  /** Options that qemu's driver of the format needs to read the image as it is meant. */
  readonly driverOptions?: Readonly<Record<string, string>>;
  /** What a VMDK's text descriptor says; the extents are those of `extentFiles`, in the same order. */
  readonly descriptor?: VmdkDescriptorFields;
  /** The backing image, which shows wherever this one holds nothing. */
  readonly backing: InspectedImage | undefined;
  /**
   * How it goes with who has it open for writing: `beside-writers` where the user allowed that it is read all the same,
   * `without-writers` where opening is to fail then. When absent, no tool has to look.
   */
  readonly access?: 'beside-writers' | 'without-writers';
}

/** What a VMDK's text descriptor says. */
export interface VmdkDescriptorFields {
  /** The number that VMware changes with the content: 8 hexadecimal digits. */
  readonly cid: string;
  /** The parent's `cid`; `ffffffff` where there is no parent. */
  readonly parentCid: string;
  readonly createType: string;
  readonly extents: readonly {
    readonly kind: 'FLAT' | 'VMFS' | 'SPARSE' | 'VMFSSPARSE';
    /** Sectors of 512 bytes that the guest sees of it. */
    readonly sectors: bigint;
    /** The first of them in the extent's file; 0 unless it is flat. */
    readonly first: bigint;
  }[];
}

/** Whether an image's own content can change without a trace in the times of its files, whatever backs it. */
export function hasVolatileContent({ isDevice, access }: InspectedImage): boolean {
  return isDevice || access === 'beside-writers';
}
