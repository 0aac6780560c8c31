import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
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
import { MemoryDiskImage } from '@virt-similarity/testing';

const IDENTITY: ImageIdentity = { chain: [{ format: 'zlib', parts: [], volatile: true }] };

/** Reads raw disks that are compressed with zlib. */
class ZlibReader implements DiskReader {
  async identify({ path }: DiskSource): Promise<ImageIdentity | undefined> {
    return path.endsWith('.zlib') ? IDENTITY : undefined;
  }

  async open({ path }: DiskSource): Promise<DiskImage> {
    return new MemoryDiskImage(inflateSync(await readFile(path)), undefined, IDENTITY);
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
    const zlib = { name: 'zlib', readers: { zlib: ZlibReader } };
    const content = new Uint8Array(4 * 65_536).fill(7);
    const [raw, compressed] = [join(directory, 'a.raw'), join(directory, 'a.raw.zlib')];
    await writeFile(raw, content);
    await writeFile(compressed, deflateSync(content));
    const plugins = order === 'before' ? [zlib, readers, hashers] : [readers, hashers, zlib];
    const { images, distances, failures } = await createAnalyzer({ plugins }).analyze([raw, compressed]);
    expect(failures).toEqual([]);
    expect(images.map(({ virtualSize }) => virtualSize)).toEqual([content.length, content.length]);
    expect([...distances.values]).toEqual([0]);
  },
);
