import { stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type MapEntry, mapEntries } from '#image-tools/qemu/map-entries.js';
import { chainEntries } from '#readers/chain-map/chain-entries.js';
import { openChainMap } from '#readers/chain-map/open-chain-map.js';
import { inspect } from '#readers/inspection/inspect.js';
import { diskContent, makeImage, runTestTool, withDirectory } from './qemu-images.js';

const MIB = 2 ** 20;

/** Returns the properties of an entry that must be equal in both maps. */
function described({ start, length, depth, zero, offset }: MapEntry) {
  return {
    start,
    length,
    what: zero ? 'zeros' : `depth ${depth}`,
    shift: !zero && offset !== undefined ? offset - start : undefined,
  };
}

async function merged(entries: AsyncIterable<MapEntry>) {
  const runs: { start: number; length: number; what: string; shift: number | undefined }[] = [];
  for await (const entry of entries) {
    const next = described(entry);
    const last = runs.at(-1);
    if (last?.what === next.what && last.shift === next.shift) {
      last.length += next.length;
    } else {
      runs.push(next);
    }
  }
  return runs;
}

/** Returns the map of an image from its tables, and from qemu-img. */
async function bothMaps(path: string) {
  const call = { component: 'qemu', image: path };
  const image = await inspect({ path, format: 'qcow2' }, { allowedDirectories: [join(path, '..')] });
  const map = await openChainMap(image, call);
  if (map === undefined) {
    throw new Error(`expected a map from the tables of ${path}`);
  }
  try {
    const size = image.virtualSize!;
    return {
      own: await merged(chainEntries(map.layers, size, undefined)),
      qemu: await merged(mapEntries(image, size, call)),
    };
  } finally {
    await map.close();
  }
}

async function expectSameMap(path: string): Promise<void> {
  // Fills the holes of the file, because qemu-img reports them only if all clusters were allocated at creation.
  const { size } = await stat(path);
  await runTestTool('fallocate', '--length', String(size), path);
  const { own, qemu } = await bothMaps(path);
  expect(own).toEqual(qemu);
}

function qemuIo(path: string, ...commands: string[]): Promise<string> {
  return runTestTool('qemu-io', '-f', 'qcow2', '-d', 'unmap', ...commands.flatMap((command) => ['-c', command]), path);
}

const VARIANTS = [
  [],
  ['cluster_size=512'],
  ['cluster_size=4k'],
  ['cluster_size=2M'],
  ['compat=0.10'],
  ['compat=0.10,cluster_size=1k'],
  ['lazy_refcounts=on'],
  ['refcount_bits=1'],
  ['extended_l2=on'],
  ['extended_l2=on,cluster_size=16k'],
  ['extended_l2=on,cluster_size=2M'],
];

describe('the map of a qcow2 image equals that of qemu-img', () => {
  test.each(VARIANTS)('if created with %j', async (...options) => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.qcow2');
      const chosen = options.flatMap((option) => ['-o', option]);
      await makeImage(path, 'qcow2', diskContent(), ...chosen);
      await expectSameMap(path);
      await qemuIo(path, 'write -P 3 100k 300k', 'discard 1M 128k', 'write -z 0 64k', 'write -z -u 2M 64k');
      await expectSameMap(path);
      await makeImage(path, 'qcow2', diskContent(), '-c', ...chosen);
      await expectSameMap(path);
    });
  });

  test.each(['falloc', 'full'])('with preallocation %s', async (preallocation) => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.qcow2');
      await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', `preallocation=${preallocation}`, path, '20M');
      await qemuIo(path, 'write -P 3 1M 1M', 'write -z 3M 1M', 'discard 5M 1M');
      await expectSameMap(path);
    });
  });

  test('with clusters in holes of its file, which read as zeros', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.qcow2');
      await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', 'preallocation=metadata', path, '20M');
      await qemuIo(path, 'write -P 3 1M 1M', 'write -P 4 9M 100k');
      const { own, qemu } = await bothMaps(path);
      expect(own).toEqual(qemu);
      expect(own.filter(({ what }) => what === 'depth 0').map(({ length }) => length)).toEqual([MIB, 100 * 1024]);
    });
  });

  test('with internal snapshots', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.qcow2');
      await makeImage(path, 'qcow2', diskContent());
      for (const name of ['first', 'second']) {
        await runTestTool('qemu-img', 'snapshot', '-c', name, path);
        await qemuIo(path, 'write -P 4 50k 200k', 'write -P 5 4M 1000k');
        await expectSameMap(path);
      }
      await runTestTool('qemu-img', 'snapshot', '-a', 'first', path);
      await expectSameMap(path);
    });
  });

  test('with a sparse disk of 64 TiB', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.qcow2');
      await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', path, '64T');
      await qemuIo(path, 'write 0 1M', 'write 33T 100k', `write ${64 * 2 ** 40 - 512} 512`);
      await expectSameMap(path);
    });
  });

  test('with chains of images of different sizes, clusters and formats', async () => {
    await withDirectory(async (directory) => {
      const raw = join(directory, 'base.raw');
      await writeFile(raw, Buffer.alloc(1_000_001, 1));
      let backing: readonly [path: string, format: string] = [raw, 'raw'];
      for (const [index, [options, size]] of [
        ['cluster_size=512', '2M'],
        ['cluster_size=64k,extended_l2=on', '700k'],
        ['cluster_size=4k', '3M'],
        ['cluster_size=2M', '2500k'],
      ].entries()) {
        const path = join(directory, `${index}.qcow2`);
        const [base, format] = backing;
        await runTestTool(
          'qemu-img',
          'create',
          '-q',
          '-f',
          'qcow2',
          '-o',
          options!,
          '-F',
          format,
          '-b',
          base,
          path,
          size!,
        );
        await expectSameMap(path);
        await qemuIo(path, `write -P 2 ${index * 100}k 10k`, `write -P 3 ${600 + index * 10}k 20k`);
        await expectSameMap(path);
        backing = [path, 'qcow2'];
      }
    });
  });

  const position = fc.integer({ min: 0, max: 20 * 128 - 1 });
  const command = fc.tuple(
    fc.constantFrom('write -P 7', 'write -z', 'write -z -u', 'write -c -P 9', 'discard'),
    position,
    fc.integer({ min: 1, max: 300 }),
  );
  const layer = fc.record({ options: fc.constantFrom(...VARIANTS), commands: fc.array(command, { maxLength: 8 }) });

  test('with chains on a sparse raw image, after any writes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(layer, { minLength: 1, maxLength: 3 }), fc.array(position), async (layers, written) => {
        await withDirectory(async (directory) => {
          const raw = join(directory, 'base.raw');
          await writeFile(raw, '');
          await truncate(raw, 20 * MIB + 700);
          const writes = written.flatMap((at) => ['-c', `write -P 1 ${at * 8}k 8k`]);
          await runTestTool('qemu-io', '-f', 'raw', ...writes, '-c', 'flush', raw);
          let backing: readonly [path: string, format: string] = [raw, 'raw'];
          for (const [index, { options, commands }] of layers.entries()) {
            const path = join(directory, `${index}.qcow2`);
            const [base, format] = backing;
            const chosen = options.flatMap((option) => ['-o', option]);
            await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', ...chosen, '-F', format, '-b', base, path);
            for (const [verb, at, length] of commands) {
              const end = Math.min(at + length, 20 * 128);
              const [start, bytes] = verb.includes('-c ') ? [at - (at % 256), 256] : [at, end - at];
              // qemu-io refuses to compress a part of a cluster.
              await qemuIo(path, `${verb} ${start * 8}k ${bytes * 8}k`).catch(() => {});
            }
            await expectSameMap(path);
            backing = [path, 'qcow2'];
          }
        });
      }),
      { numRuns: 15 },
    );
  });
});
