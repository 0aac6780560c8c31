import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createAnalyzer,
  type DiskImage,
  type DiskReader,
  type DiskSource,
  type ImageIdentity,
} from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { MemoryDiskImage } from '../fixtures/memory-disk-image.js';

const IDENTITY: ImageIdentity = { chain: [{ format: 'gzip', parts: [], volatile: true }] };

/** Reads raw disks that are compressed with gzip. */
class GzipReader implements DiskReader {
  async identify({ path }: DiskSource): Promise<ImageIdentity | undefined> {
    return path.endsWith('.gz') ? IDENTITY : undefined;
  }

  async open({ path }: DiskSource): Promise<DiskImage> {
    return new MemoryDiskImage(gunzipSync(await readFile(path)), undefined, IDENTITY);
  }
}

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'reader-order-'));
});

afterAll(() => rm(directory, { recursive: true }));

test.each(['before', 'after'])(
  'a plugin registered %s the readers takes precedence over readers that accept unrecognised images',
  async (order) => {
    const gzip = { name: 'gzip', readers: { gzip: GzipReader } };
    const content = new Uint8Array(4 * 65_536).fill(7);
    const [raw, compressed] = [join(directory, 'a.raw'), join(directory, 'a.raw.gz')];
    await writeFile(raw, content);
    await writeFile(compressed, gzipSync(content));
    const plugins = order === 'before' ? [gzip, readers, hashers] : [readers, hashers, gzip];
    const { images, distances, failures } = await createAnalyzer({ plugins }).analyze([raw, compressed]);
    expect(failures).toEqual([]);
    expect(images.map(({ virtualSize }) => virtualSize)).toEqual([content.length, content.length]);
    expect([...distances.values]).toEqual([0]);
  },
);
