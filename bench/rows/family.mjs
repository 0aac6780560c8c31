import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { timeCommand } from '../command.mjs';
import { diskFamily, warm } from '../inputs/disks.mjs';
import { hashWithLibrary, VIRT_SIMILARITY } from '../library.mjs';
import { sizeText } from '../sizes.mjs';
import { inTemporaryDirectory, makeTemporaryDirectory } from '../temporary-directory.mjs';

/**
 * Hashing the disks of a family with the default hasher, and with a hasher that is not cryptographic, like the hash of
 * duperemove. The peer is duperemove, the usual tool that finds equal blocks in files.
 */
export const duperemoveRows = ['sha256', 'xxh128'].map((hasher) => ({
  name: `duperemove-${hasher}`,
  title: ({ family, dense }) => `${family} images of ${sizeText(dense)}, hash phase, ${hasher}`,
  against: () => 'duperemove -r --hashfile -b 64k',
  goal: { speed: 3 },
  unit: 'bytes',
  tools: ['duperemove'],
  async prepare(context) {
    const disks = await diskFamily(context);
    const bytes = disks.length * context.sizes.dense;
    await warm(disks);
    return {
      ours: () => hashWithLibrary(disks, hasher, bytes),
      peer: async () => ({ seconds: await timeDuperemove(dirname(disks[0])), amount: bytes }),
    };
  },
}));

/** All pairs of the family with the complete command and cached vectors, against comparing the pairs one by one. */
export const pairsRow = {
  name: 'pairs',
  title: ({ family }) => `${pairsOf(family)} pairs of those, whole command, cached`,
  against: ({ family }) => `${pairsOf(family)} × qemu-img compare`,
  goal: { speed: 20 },
  unit: 'pairs',
  tools: ['qemu-img'],
  async prepare(context) {
    const disks = await diskFamily(context);
    const pairs = disks.flatMap((disk, index) => disks.slice(index + 1).map((other) => [disk, other]));
    const cache = await makeTemporaryDirectory();
    const command = [VIRT_SIMILARITY, '--quiet', '--cache', join(cache, 'vectors'), ...disks];
    await warm(disks);
    await timeCommand(process.execPath, command);
    return {
      ours: async () => ({ seconds: await timeCommand(process.execPath, command), amount: pairs.length }),
      peer: async () => ({ seconds: await timeComparisons(pairs), amount: pairs.length }),
      close: () => rm(cache, { recursive: true, force: true }),
    };
  },
};

const pairsOf = (count) => (count * (count - 1)) / 2;

function timeDuperemove(disks) {
  return inTemporaryDirectory((directory) =>
    timeCommand('duperemove', ['-r', '-b', '64k', `--hashfile=${join(directory, 'hashes')}`, disks]),
  );
}

async function timeComparisons(pairs) {
  let seconds = 0;
  for (const [one, other] of pairs) {
    // Exit code 1 means that the images differ.
    seconds += await timeCommand('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', one, other], [0, 1]);
  }
  return seconds;
}
