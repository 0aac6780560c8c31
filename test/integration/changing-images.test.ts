import { closeSync, openSync, truncateSync, utimesSync, writeSync } from 'node:fs';
import { readdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createAnalyzer, type DiskSource, type HashOutcome } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { diskContent, makeImage, runTestTool, withDirectory } from './qemu-images.js';

/** An image, and a change to one of its files while it is read. */
interface Subject {
  readonly source: DiskSource;
  /** Synchronous, so that the change happens before the first byte of data is read. */
  change(): void;
}

const overwrite = (path: string) => (): void => {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.from('changed'), 0, 7, 100_000);
  closeSync(file);
};

async function rawImage(directory: string): Promise<DiskSource> {
  const source = { path: join(directory, 'a.raw'), format: 'raw' };
  await writeFile(source.path, diskContent());
  return source;
}

async function overlay(directory: string): Promise<{ source: DiskSource; base: string }> {
  const base = join(directory, 'base.raw');
  const source = { path: join(directory, 'top.qcow2'), format: 'qcow2' };
  await writeFile(base, diskContent());
  await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, source.path);
  return { source, base };
}

async function compressed(directory: string): Promise<DiskSource> {
  const source = { path: join(directory, 'a.qcow2'), format: 'qcow2' };
  await makeImage(source.path, source.format, diskContent(), '-c');
  return source;
}

const CHANGES: readonly (readonly [string, (directory: string) => Promise<Subject>])[] = [
  [
    'a raw image that shrinks',
    async (directory) => {
      const source = await rawImage(directory);
      return { source, change: () => truncateSync(source.path, 1000) };
    },
  ],
  [
    'a raw image that is written to',
    async (directory) => {
      const source = await rawImage(directory);
      return { source, change: overwrite(source.path) };
    },
  ],
  [
    'a raw image that is written to and gets older time stamps',
    async (directory) => {
      const source = await rawImage(directory);
      const change = (): void => {
        overwrite(source.path)();
        utimesSync(source.path, 0, 0);
      };
      return { source, change };
    },
  ],
  [
    'an overlay whose base is written to',
    async (directory) => {
      const { source, base } = await overlay(directory);
      return { source, change: overwrite(base) };
    },
  ],
  [
    'an overlay whose base shrinks',
    async (directory) => {
      const { source, base } = await overlay(directory);
      return { source, change: () => truncateSync(base, 1000) };
    },
  ],
  [
    'a compressed image that shrinks',
    async (directory) => {
      const source = await compressed(directory);
      return { source, change: () => truncateSync(source.path, 70_000) };
    },
  ],
  [
    'a compressed image whose header is overwritten',
    async (directory) => {
      const source = await compressed(directory);
      const change = (): void => {
        const file = openSync(source.path, 'r+');
        writeSync(file, Buffer.alloc(64, 0xff), 0, 64, 8);
        closeSync(file);
      };
      return { source, change };
    },
  ],
];

/** The changes that are tested with each reader. libguestfs is tested with few, because its appliance starts slowly. */
const READ_BY: Readonly<Record<string, RegExp>> = { raw: /^a raw/, qemu: /^/, libguestfs: /shrinks$/ };

describe.each(['raw', 'qemu', 'libguestfs'])('while %s reads', (reader) => {
  test.each(CHANGES.filter(([name]) => READ_BY[reader]!.test(name)))(
    '%s is reported as changed and not cached',
    async (_, make) => {
      await withDirectory(async (temporary) => {
        const directory = await realpath(temporary);
        const { source, change } = await make(directory);
        const cache = join(directory, 'cache');
        const analyzer = createAnalyzer({ plugins: [readers, hashers] });
        const outcomes: HashOutcome[] = [];
        const onProgress = ({ kind }: { kind: string }) => kind === 'image-started' && change();
        for await (const outcome of analyzer.hash([source], { reader, cache, jobs: 1, onProgress })) {
          outcomes.push(outcome);
        }
        expect(outcomes).toEqual([{ path: source.path, error: expect.objectContaining({ code: 'changed' }) }]);
        expect(await readdir(cache).catch(() => [])).toEqual([]);
      });
    },
  );
});
