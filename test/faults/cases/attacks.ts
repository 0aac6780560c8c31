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
import { begun, MARKED, SLOW_HASHER, writeSlowHasher } from '../inputs/slow-hasher.js';
import { SAW, writeSpies } from '../inputs/spying-tools.js';
import { splitFlatDescriptor } from '../inputs/vmdk.js';
import type { Stage } from '../stage.js';

const BLOCK = 65_536;
/** Those that read through qemu's tools in the sandbox. */
const TOOL_READERS: readonly ReaderName[] = ['auto', 'qemu'];
/** As many files as one VMDK may be spread over. */
const MOST_EXTENTS = 1024;
const MANY_IMAGES = 80;
/** What takes long on a busy machine has so many seconds. */
const SECONDS = 180;
/** A directory in which nobody can make a file, not even root. */
const UNWRITABLE = '/sys/kernel';

/** An image that is read by qemu-nbd. */
async function writeServed(stage: Stage): Promise<string> {
  const [raw, image] = [stage.image('content'), stage.image('served.qcow2')];
  // What cannot be compressed would be stored as it is, and read without a tool.
  await writeFile(raw, Buffer.alloc(16 * BLOCK, deterministicBytes('served', 5000)));
  await convert(raw, image, 'qcow2', { compressed: true, creation: { compression_type: 'zstd' } });
  return image;
}

/** A case of tools that say what they find of the command's environment and descriptors, and fail. */
function spied(
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
            assert.match(stderr, SAW, 'what the tool found');
          }
        },
      };
    },
  };
}

/** Bytes of a qcow2 header by their position, each of which makes of it one that the inspector refuses. */
const UNSOUND_HEADERS: readonly (readonly [position: number, bytes: Buffer])[] = [
  // The version, the size of clusters, the size of the first table, and where that is.
  [4, Buffer.of(0, 0, 0, 9)],
  [20, Buffer.of(0, 0, 0, 62)],
  [36, Buffer.of(255, 255, 255, 255)],
  [40, Buffer.of(127, 255, 255, 255, 255, 255, 255, 255)],
];

/** What the command inherits and passes on, and what changes or is missing around it. */
export const ATTACKS: readonly FaultCase[] = [
  spied(103, "a file that the command's caller left open: no tool has it", async (stage) => {
    const secret = await stage.secret('secret');
    return { wrapper: ['bash', '-c', 'exec 50<"$0"; exec "$@"', secret] };
  }),
  spied(104, "a secret in the command's environment: no tool has it", async (stage) => {
    const password = 'correct-horse-battery-staple';
    stage.forbid(password);
    return { environment: { DATABASE_PASSWORD: password } };
  }),
  {
    number: 105,
    title: 'qcow2 whose header is changed in place before its tables are read',
    readers: TOOL_READERS,
    exit: 6,
    build: async (stage) => {
      const base = stage.image('base.raw');
      const content = deterministicBytes('base', 64 * BLOCK).map((byte) => (byte === MARKED ? 0 : byte));
      // Every overlay is open by the time at which this block is hashed.
      content[40 * BLOCK] = MARKED;
      await writeFile(base, content);
      const overlays = UNSOUND_HEADERS.map((_, index) => stage.image(`overlay-${index}.qcow2`));
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
        // What they share is hashed first, while they are open.
        during: async (running) => {
          await begun(stage, running);
          for (const [index, [position, bytes]] of UNSOUND_HEADERS.entries()) {
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
        writes: [`${stage.root}/begun`],
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
    title: 'XDG_RUNTIME_DIR in which nothing can be written: another directory is taken',
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
    title: `vmdk of ${MOST_EXTENTS} extents`,
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
    title: `-q with ${MANY_IMAGES} images: not a word`,
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
            assert.equal(stderr, '', 'standard error');
          }
        },
      };
    },
  },
  spied(109, "a directory that the command's caller left open: no tool has it", async (stage) => {
    await stage.secret('secret');
    return { wrapper: ['bash', '-c', 'exec 51<"$0"; exec "$@"', `${stage.root}/secrets`] };
  }),
];
