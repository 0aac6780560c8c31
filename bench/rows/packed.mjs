import { timeCommand } from '../command.mjs';
import { compressedDisk, warm } from '../inputs/disks.mjs';
import { hashWithLibrary } from '../library.mjs';

const COMPRESSIONS = [
  { extension: 'zst', tool: 'zstd', pack: ['zstd', '-q', '-c', '-T0'] },
  { extension: 'gz', tool: 'pigz', pack: ['pigz', '-c'] },
];

/** A raw disk in a compressed file, against decompressing it and discarding the output. */
export const packedRows = COMPRESSIONS.map(({ extension, tool, pack }) => ({
  name: `packed-${extension}`,
  title: () => `as large, raw disk in .${extension}, xxh128`,
  against: () => `${tool} -dc to null`,
  goal: { time: 1.2 },
  unit: 'bytes',
  tools: ['zstd', tool],
  async prepare(context) {
    const disk = await compressedDisk(context, extension, pack);
    const { random: bytes } = context.sizes;
    await warm([disk]);
    return {
      ours: () => hashWithLibrary([disk], 'xxh128', bytes),
      peer: async () => ({ seconds: await timeCommand(tool, ['-dc', disk]), amount: bytes }),
    };
  },
}));
