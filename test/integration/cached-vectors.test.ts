import { copyFile, mkdtemp, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Analysis, createAnalyzer, type ProgressEvent } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { type MixedDisk, mixedDiskSet, runTool, settled } from '../fixtures/index.js';

const analyzer = createAnalyzer({ plugins: [readers, hashers] });

let directory: string;
let disks: readonly MixedDisk[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-cached-'));
  disks = await mixedDiskSet(directory);
});

/** A first run caches the vectors of the images that the previous test has changed. */
beforeEach(async () => {
  await allSettled();
  await imagesReadByARun();
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function allSettled(): Promise<void> {
  const files = await readdir(directory, { withFileTypes: true });
  await settled(files.filter((file) => file.isFile()).map(({ name }) => at(name)));
}

/** Analyses all images with one cache. */
async function analyzed(onProgress: (event: ProgressEvent) => void): Promise<Analysis> {
  const analysis = await analyzer.analyze(disks, { cache: join(directory, 'cache'), onProgress });
  expect(analysis.failures).toEqual([]);
  return analysis;
}

/** Returns the sorted names of the images from which a run read data. */
async function imagesReadByARun(): Promise<string[]> {
  const events: ProgressEvent[] = [];
  await analyzed((event) => events.push(event));
  const read = events.filter((event) => isReading(event)).map((event) => ('path' in event ? basename(event.path) : ''));
  return [...new Set(read)].sort();
}

function isReading(event: ProgressEvent): boolean {
  return (
    event.kind === 'image-started' ||
    event.kind === 'image-advanced' ||
    (event.kind === 'image-finished' && !event.cached)
  );
}

function at(file: string): string {
  return join(directory, file);
}

describe('a second run', () => {
  test('reads no image data', async () => {
    expect(await imagesReadByARun()).toEqual([]);
  });

  test('reads only an image that was touched', async () => {
    await utimes(at('dynamic.vdi'), new Date(), new Date());
    expect(await imagesReadByARun()).toEqual(['dynamic.vdi']);
  });

  test('reads only an image that was overwritten with the same bytes', async () => {
    await writeFile(at('plain.qed'), await readFile(at('plain.qed')));
    expect(await imagesReadByARun()).toEqual(['plain.qed']);
  });

  test('returns the distance of the new content if an image has changed and its time stamp was reset', async () => {
    const { mtime } = await stat(at('system.raw'));
    const image = await open(at('system.raw'), 'r+');
    await image.write('changed', 0);
    await image.close();
    await utimes(at('system.raw'), mtime, mtime);
    expect(disks.slice(0, 2).map(({ path }) => basename(path))).toEqual(['system.raw', 'plain.qcow2']);
    const analysis = await analyzed(() => undefined);
    expect(analysis.distances.values[0]).toBe(1);
  });

  test('reads only an image that was replaced by a copy', async () => {
    await copyFile(at('sparse.vmdk'), at('copy'));
    await runTool('mv', [at('copy'), at('sparse.vmdk')]);
    expect(await imagesReadByARun()).toEqual(['sparse.vmdk']);
  });

  test('reads only an image whose data file was touched', async () => {
    await utimes(at('flat-flat.vmdk'), new Date(), new Date());
    expect(await imagesReadByARun()).toEqual(['flat.vmdk']);
  });

  test('reads a base and its overlays if the base was touched', async () => {
    await utimes(at('base.qcow2'), new Date(), new Date());
    expect(await imagesReadByARun()).toEqual(['base.qcow2', 'middle.qcow2', 'top.qcow2']);
  });

  test('reads an image and its overlays if it was rebased', async () => {
    await runTool('qemu-img', ['rebase', '-f', 'qcow2', '-b', 'plain.qcow2', '-F', 'qcow2', at('middle.qcow2')]);
    await allSettled();
    expect(await imagesReadByARun()).toEqual(['middle.qcow2', 'top.qcow2']);
    expect(await imagesReadByARun()).toEqual([]);
  });
});
