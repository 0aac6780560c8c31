import { availableParallelism } from 'node:os';
import { timeConcurrently } from '../command.mjs';
import { randomDisk, warm } from '../inputs/disks.mjs';
import { hashWithLibrary } from '../library.mjs';
import { sizeText } from '../sizes.mjs';

/** The native tools, each with one thread per process. */
const TOOLS = [
  { hasher: 'md5', tool: 'openssl', args: ['dgst', '-md5'], speed: 0.95 },
  { hasher: 'sha256', tool: 'openssl', args: ['dgst', '-sha256'], speed: 0.95 },
  { hasher: 'blake3', tool: 'b3sum', args: ['--num-threads', '1', '--no-mmap'], speed: 0.8 },
  { hasher: 'xxh128', tool: 'xxhsum', args: ['-H2'], speed: 0.8 },
];

/**
 * A raw disk of random bytes, against the limit: one process of the native tool per core, each reading the complete
 * disk.
 */
export const hashingRows = TOOLS.map(({ hasher, tool, args, speed }) => ({
  name: `hash-${hasher}`,
  title: ({ random }) => `raw, ${sizeText(random)} of random bytes, ${hasher}`,
  against: () => `${availableParallelism()} × ${[tool, ...args].join(' ')}`,
  goal: { speed },
  unit: 'bytes',
  tools: [tool],
  async prepare(context) {
    const disk = await randomDisk(context);
    const { random: bytes } = context.sizes;
    const processes = availableParallelism();
    await warm([disk]);
    return {
      ours: () => hashWithLibrary([disk], hasher, bytes),
      peer: async () => ({
        seconds: await timeConcurrently(processes, tool, [...args, disk]),
        amount: bytes * processes,
      }),
    };
  },
}));
