import { basename } from 'node:path';
import { streamOptimizedVmdk, thinConverted, vmdkInOva, warm } from '../inputs/disks.mjs';
import { hashWithLibrary } from '../library.mjs';
import { sizeText } from '../sizes.mjs';

/** A sparse vhdx, whose map is read in-process, against the same disk in a format whose map qemu-img reads. */
export const vhdxRow = {
  name: 'vhdx',
  title: ({ thin, dense }) => `vhdx, ${sizeText(thin)} virtual, ${sizeText(dense)} of data, sha256`,
  against: () => 'the same disk as vdi',
  goal: { time: 1.2 },
  unit: 'bytes',
  tools: ['qemu-img'],
  async prepare(context) {
    const [vhdx, vdi] = [await thinConverted(context, 'vhdx'), await thinConverted(context, 'vdi')];
    const { dense: bytes } = context.sizes;
    await warm([vhdx, vdi]);
    return {
      ours: () => hashWithLibrary([vhdx], 'sha256', bytes),
      peer: () => hashWithLibrary([vdi], 'sha256', bytes),
    };
  },
};

/** A disk in an OVA, against the same disk beside it. */
export const ovaRow = {
  name: 'ova',
  title: ({ dense }) => `ova with a stream-optimized vmdk, ${sizeText(dense)}, sha256`,
  against: () => 'the vmdk',
  goal: { time: 1.2 },
  unit: 'bytes',
  tools: ['qemu-img', 'qemu-nbd'],
  async prepare(context) {
    const [vmdk, ova] = [await streamOptimizedVmdk(context), await vmdkInOva(context)];
    const { dense: bytes } = context.sizes;
    await warm([vmdk, ova]);
    return {
      ours: () => hashWithLibrary([`${ova}:${basename(vmdk)}`], 'sha256', bytes),
      peer: () => hashWithLibrary([vmdk], 'sha256', bytes),
    };
  },
};
