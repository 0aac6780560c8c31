import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { HashVectorCache } from '@virt-similarity/core';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { convert } from '../../fixtures/qemu-images.js';
import { FORMAT_READERS, type ReaderName } from '../../harness/readers.js';
import { expectContent } from '../expect-content.js';
import type { FaultCase } from '../fault-case.js';
import { patch } from '../inputs/patch.js';
import { createQcow2, writeGuest } from '../inputs/qcow2.js';
import { hashingStarted, MARKED, markerFile, SLOW_HASHER, writeSlowHasher } from '../inputs/slow-hasher.js';
import { SPY_OUTPUT, writeSpies } from '../inputs/spying-tools.js';
import { splitFlatDescriptor } from '../inputs/vmdk.js';
import type { Stage } from '../stage.js';

const BLOCK = 65_536;
/** The readers that use qemu's tools in the sandbox. */
const TOOL_READERS: readonly ReaderName[] = ['auto', 'qemu'];
/** The largest number of extent files that the inspector accepts for one VMDK. */
const MOST_EXTENTS = 1024;
const MANY_IMAGES = 80;
/** The time limit, in seconds, of runs that are slow on a busy machine. */
const SECONDS = 180;
/** A directory in which not even root can create a file. */
const UNWRITABLE = '/sys/kernel';

/** Writes an image that is read through qemu-nbd. */
async function writeServed(stage: Stage): Promise<string> {
  const [raw, image] = [stage.image('content'), stage.image('served.qcow2')];
  // Incompressible data would be stored verbatim, and read without a tool.
  await writeFile(raw, Buffer.alloc(16 * BLOCK, deterministicBytes('served', 5000)));
  await convert(raw, image, 'qcow2', { compressed: true, creation: { compression_type: 'zstd' } });
  return image;
}

/**
 * Returns a case with fake tools that print the environment and descriptors that they inherit, and fail. The harness
 * then requires that no output contains a secret.
 *
 * @param exposure returns how the command itself gets the secret
 */
function spyCase(
  number: number,
  title: string,
  exposure: (stage: Stage) => Promise<{ wrapper?: string[]; environment?: Record<string, string> }>,
): FaultCase {
  return {
    number,
    title,
    readers: TOOL_READERS,
    exit: 5,
    build: async (stage) => {
      const image = await writeServed(stage);
      const { wrapper = [], environment = {} } = await exposure(stage);
      const tools = await writeSpies(stage);
      const PATH = `${tools}:${process.env.PATH}`;
      return {
        ...stage.trial([image], { wrapper, environment: { ...environment, PATH } }),
        check: async (ends) => {
          for (const { stderr } of ends) {
            assert.match(stderr, SPY_OUTPUT, "the tool's output");
          }
        },
      };
    },
  };
}

/** Fields of a qcow2 header with bytes at their positions; each makes the inspector refuse the header. */
const INVALID_FIELDS: readonly (readonly [position: number, bytes: Buffer])[] = [
  // The version, the cluster size, and the size and position of the L1 table.
  [4, Buffer.of(0, 0, 0, 9)],
  [20, Buffer.of(0, 0, 0, 62)],
  [36, Buffer.of(255, 255, 255, 255)],
  [40, Buffer.of(127, 255, 255, 255, 255, 255, 255, 255)],
];

/** Inherited descriptors and secrets, an image that changes, an unwritable directory, many extents and many images. */
export const ATTACKS: readonly FaultCase[] = [
  spyCase(103, 'passes to a tool no file that was open when the command started', async (stage) => {
    const secret = await stage.secret('secret');
    return { wrapper: ['bash', '-c', 'exec 50<"$0"; exec "$@"', secret] };
  }),
  spyCase(104, 'passes to a tool no secret from the environment of the command', async (stage) => {
    const password = 'correct-horse-battery-staple';
    stage.forbid(password);
    return { environment: { DATABASE_PASSWORD: password } };
  }),
  {
    number: 105,
    title: 'detects a qcow2 header that changes before the tables are read',
    readers: TOOL_READERS,
    exit: 6,
    build: async (stage) => {
      const base = stage.image('base.raw');
      const content = deterministicBytes('base', 64 * BLOCK).map((byte) => (byte === MARKED ? 0 : byte));
      // When this block is hashed, every overlay is open.
      content[40 * BLOCK] = MARKED;
      await writeFile(base, content);
      const overlays = INVALID_FIELDS.map((_, index) => stage.image(`overlay-${index}.qcow2`));
      for (const overlay of overlays) {
        await createQcow2(overlay, { size: '4M', backing: 'base.raw' });
        await writeGuest(overlay, [9, 0, '64k']);
      }
      await writeSlowHasher(stage, 50);
      const headers = await Promise.all(overlays.map((overlay) => readFile(overlay)));
      const hash = stage.hash(overlays, {
        options: SLOW_HASHER,
        errors: overlays.length,
        seconds: SECONDS,
        // The shared base is hashed first, while the overlays are open.
        during: async (running) => {
          await hashingStarted(stage, running);
          for (const [index, [position, bytes]] of INVALID_FIELDS.entries()) {
            await patch(overlays[index]!, { [position]: bytes });
          }
        },
      });
      const restore = async () => {
        for (const [index, overlay] of overlays.entries()) {
          await writeFile(overlay, headers[index]!);
        }
      };
      return {
        commands: [hash],
        changes: overlays,
        writes: [markerFile(stage)],
        cleanUp: restore,
        check: async () => {
          const entries = await new HashVectorCache(stage.cache).list();
          const names = entries.flatMap((entry) => (entry.state === 'bad' ? [] : basename(entry.header.name)));
          assert.deepEqual(
            names.filter((name) => name.startsWith('overlay')),
            [],
            'overlays in the cache',
          );
        },
      };
    },
  },
  {
    number: 106,
    title: 'creates its run directory elsewhere if XDG_RUNTIME_DIR is not writable',
    readers: TOOL_READERS,
    exit: 0,
    build: async (stage) => {
      const image = await writeServed(stage);
      return {
        ...stage.trial([image], { environment: { XDG_RUNTIME_DIR: UNWRITABLE } }),
        check: async () => expectContent(stage.output('served.qcow2.arrow'), await readFile(stage.image('content'))),
      };
    },
  },
  {
    number: 107,
    title: `reads a vmdk of ${MOST_EXTENTS} extents`,
    readers: FORMAT_READERS,
    exit: 0,
    build: async (stage) => {
      const image = stage.image('split.vmdk');
      const content = deterministicBytes('split', MOST_EXTENTS * BLOCK);
      const names = Array.from({ length: MOST_EXTENTS }, (_, index) => `split-f${index + 1}.vmdk`);
      for (const [index, name] of names.entries()) {
        await writeFile(stage.image(name), content.subarray(index * BLOCK, (index + 1) * BLOCK));
      }
      await writeFile(image, splitFlatDescriptor(names, BLOCK / 512));
      return {
        ...stage.trial([image], { seconds: SECONDS }),
        check: async () => expectContent(stage.output('split.vmdk.arrow'), content),
      };
    },
  },
  {
    number: 108,
    title: `prints nothing with -q and ${MANY_IMAGES} images`,
    readers: TOOL_READERS,
    exit: 0,
    build: async (stage) => {
      const images = Array.from({ length: MANY_IMAGES }, (_, index) => stage.image(`disk-${index}.qcow2`));
      for (const [index, image] of images.entries()) {
        await createQcow2(image);
        await writeGuest(image, [1 + index, 0, '128k']);
      }
      return {
        ...stage.trial(images, { options: ['-q'] }),
        check: async (ends) => {
          for (const { stderr } of ends) {
            // The images of this case are so small that they are close to all others, which a warning reports.
            assert.equal(stderr.replace(/^virt-similarity: warning: hamming joins .*\n/, ''), '', 'stderr');
          }
        },
      };
    },
  },
  spyCase(109, 'passes to a tool no directory that was open when the command started', async (stage) => {
    await stage.secret('secret');
    return { wrapper: ['bash', '-c', 'exec 51<"$0"; exec "$@"', `${stage.root}/secrets`] };
  }),
];
