import { dirname } from 'node:path';
import { denseDisk, overlays, randomDisk, randomQcow2, thinDisk, warm } from '../inputs/disks.mjs';
import { hashWithLibrary } from '../library.mjs';
import { sizeText } from '../sizes.mjs';

/** A thin disk, whose time should depend only on its data. */
export const thinRow = {
  name: 'thin',
  title: ({ thin, dense }) => `raw, ${sizeText(thin)} virtual, ${sizeText(dense)} of data, sha256`,
  against: ({ dense }) => `${sizeText(dense)} dense raw`,
  goal: { time: 1.15 },
  unit: 'bytes',
  tools: ['qemu-img'],
  async prepare(context) {
    const thin = await thinDisk(context);
    const dense = await denseDisk(context);
    const { dense: bytes } = context.sizes;
    await hashWithLibrary([thin], 'sha256', bytes);
    await warm([dense]);
    return {
      ours: () => hashWithLibrary([thin], 'sha256', bytes),
      peer: () => hashWithLibrary([dense], 'sha256', bytes),
    };
  },
};

/** Linked clones, against raw disks with as much data as the base and the overlays' own data together. */
export const overlaysRow = {
  name: 'overlays',
  title: (sizes) =>
    `${sizes.overlays} overlays on a ${sizeText(sizes.random)} base, ${sizeText(sizes.own)} of their own each, sha256`,
  against: ({ random, dense }) => `${sizeText(random + dense)} of raw data`,
  goal: { time: 1.2 },
  unit: 'bytes',
  tools: ['qemu-img', 'qemu-io'],
  async prepare(context) {
    const clones = await overlays(context);
    const base = dirname(await randomQcow2(context));
    const raw = [await randomDisk(context), await denseDisk(context)];
    const { random, dense, own } = context.sizes;
    await warm([...raw, ...clones, await randomQcow2(context)]);
    return {
      ours: () => hashWithLibrary(clones, 'sha256', random + clones.length * own, [base]),
      peer: () => hashWithLibrary(raw, 'sha256', random + dense),
    };
  },
};
