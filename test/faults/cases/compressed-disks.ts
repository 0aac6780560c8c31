import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { runTool } from '../../fixtures/index.js';
import type { ReaderName } from '../../harness/readers.js';
import type { FaultCase } from '../fault-case.js';
import type { Stage } from '../stage.js';

/** The readers that read compressed raw disks. */
const DISK_READERS: readonly ReaderName[] = ['auto', 'raw'];
/** The most memory, in bytes, that the command is allowed to use. */
const MOST_MEMORY = 512 * 2 ** 20;
const DISK_BYTES = 1024 * 1024;

/** Writes the output of a shell command, a compressed disk, to an image file. Returns the path of the file. */
async function packed(stage: Stage, name: string, command: string): Promise<string> {
  const path = stage.image(name);
  await runTool('bash', ['-c', `set -e -o pipefail; ${command} > "$0"`, path]);
  return path;
}

/** Compressed raw disks that expand beyond the size limit, are truncated or damaged, or are followed by other bytes. */
export const COMPRESSED_DISKS: readonly FaultCase[] = [
  {
    number: 130,
    title: 'refuses compressed disks beyond --max-virtual-size, in at most 512 MiB',
    readers: DISK_READERS,
    exit: 4,
    build: async (stage) => {
      const images = [
        await packed(stage, 'bomb.img.zst', 'head -c 4G /dev/zero | zstd -q'),
        await packed(stage, 'bomb.img.bz2', 'for part in 1 2 3 4; do head -c 64M /dev/zero | bzip2; done'),
        await packed(stage, 'bomb.img.gz', 'head -c 256M /dev/zero | gzip -1'),
      ];
      const trial = stage.trial(images, { options: ['--max-virtual-size', '128M'], errors: images.length });
      return {
        ...trial,
        check: async (ends) => {
          for (const { peakMemory } of ends) {
            assert.ok(peakMemory <= MOST_MEMORY, `${peakMemory} bytes of memory`);
          }
        },
      };
    },
  },
  {
    number: 131,
    title: 'rejects compressed disks that are truncated, damaged, or followed by other bytes',
    readers: DISK_READERS,
    exit: 5,
    build: async (stage) => {
      const disk = deterministicBytes('packed', DISK_BYTES);
      const whole = gzipSync(disk);
      const wrongChecksum = Buffer.from(whole);
      wrongChecksum[whole.length - 8]! ^= 1;
      const wrongSize = Buffer.from(whole);
      wrongSize[whole.length - 1]! ^= 1;
      const files = {
        'cut.img.gz': whole.subarray(0, -9),
        'checksum.img.gz': wrongChecksum,
        'size.img.gz': wrongSize,
        'more.img.gz': Buffer.concat([whole, Buffer.from('more')]),
        // A guest can write such bytes to the beginning of its disk.
        'magic.img': Buffer.concat([whole.subarray(0, 10), disk]),
        'zstd.img': Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), disk]),
      };
      const images: string[] = [];
      for (const [name, content] of Object.entries(files)) {
        await writeFile(stage.image(name), content);
        images.push(stage.image(name));
      }
      return stage.trial(images, { errors: images.length });
    },
  },
];
