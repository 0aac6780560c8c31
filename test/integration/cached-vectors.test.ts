import { copyFile, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createAnalyzer, type ProgressEvent } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { type MixedDisk, mixedDiskSet, runTool } from '../fixtures/index.js';

const analyzer = createAnalyzer({ plugins: [readers, hashers] });

let directory: string;
let disks: readonly MixedDisk[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-cached-'));
  disks = await mixedDiskSet(directory);
  await imagesReadByARun();
}, 120_000);

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Analyses all images with one cache. Returns the names of the images of which the run read anything, sorted. */
async function imagesReadByARun(): Promise<string[]> {
  const events: ProgressEvent[] = [];
  const analysis = await analyzer.analyze(disks, {
    cache: join(directory, 'cache'),
    onProgress: (event) => events.push(event),
  });
  expect(analysis.failures).toEqual([]);
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

  test('reads an image again that was touched, and no other', async () => {
    await utimes(at('dynamic.vdi'), new Date(), new Date());
    expect(await imagesReadByARun()).toEqual(['dynamic.vdi']);
  });

  test('reads an image again that was written over with the same bytes, and no other', async () => {
    await writeFile(at('plain.qed'), await readFile(at('plain.qed')));
    expect(await imagesReadByARun()).toEqual(['plain.qed']);
  });

  test('reads an image again that was replaced by a copy, and no other', async () => {
    await copyFile(at('sparse.vmdk'), at('copy'));
    await runTool('mv', [at('copy'), at('sparse.vmdk')]);
    expect(await imagesReadByARun()).toEqual(['sparse.vmdk']);
  });

  test('reads an image again whose data file was touched, and no other', async () => {
    await utimes(at('flat-flat.vmdk'), new Date(), new Date());
    expect(await imagesReadByARun()).toEqual(['flat.vmdk']);
  });

  test('reads a base and the overlays on it again when the base was touched', async () => {
    await utimes(at('base.qcow2'), new Date(), new Date());
    expect(await imagesReadByARun()).toEqual(['base.qcow2', 'middle.qcow2', 'top.qcow2']);
  });

  test('reads an image and the overlays on it again when it was rebased', async () => {
    await runTool('qemu-img', ['rebase', '-f', 'qcow2', '-b', 'plain.qcow2', '-F', 'qcow2', at('middle.qcow2')]);
    expect(await imagesReadByARun()).toEqual(['middle.qcow2', 'top.qcow2']);
    expect(await imagesReadByARun()).toEqual([]);
  });
});
