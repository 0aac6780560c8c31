import { appendFile, mkdtemp, open, realpath, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DiskImage, DiskSource, Extent, ReadOptions } from '@virt-similarity/core';
import { RawReader } from '@virt-similarity/readers';
import { type DiskReaderSubject, diskReaderContract } from '@virt-similarity/testing';
import { openImage, withFakeProgram } from '../../../fixtures/index.js';

let directory: string;
let options: ReadOptions;

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-raw-')));
  options = { allowedDirectories: [directory] };
});

afterAll(() => rm(directory, { recursive: true }));

/** Returns non-zero bytes. */
function content(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => (index % 255) + 1));
}

async function subject(name: string, bytes: Buffer, format?: string): Promise<DiskReaderSubject> {
  const path = join(directory, name);
  await writeFile(path, bytes);
  const source: DiskSource = format === undefined ? { path } : { path, format };
  return { reader: new RawReader(), image: { source, options, content: bytes } };
}

async function extentsOf(image: DiskImage): Promise<Extent[]> {
  const extents: Extent[] = [];
  for await (const extent of image.extents()) {
    extents.push(extent);
  }
  return extents;
}

/** Returns a file with two areas of data between holes. The last hole extends to the end, at an odd position. */
async function sparseSubject(): Promise<DiskReaderSubject> {
  const size = 5_000_001;
  const bytes = Buffer.alloc(size);
  const path = join(directory, 'sparse, "odd": na\\me.img');
  const file = await open(path, 'w');
  try {
    await file.truncate(size);
    for (const position of [131_072, 700_000]) {
      content(5000).copy(bytes, position);
      await file.write(content(5000), 0, 5000, position);
    }
  } finally {
    await file.close();
  }
  return { reader: new RawReader(), image: { source: { path }, options, content: bytes } };
}

describe.each([0, 1, 512, 1000, 65_535, 65_536, 65_537, 300_001])('a raw image of %d bytes', (size) => {
  for (const { title, run } of diskReaderContract(() => subject(`${size}.raw`, content(size)))) {
    test(title, run);
  }
});

describe('a raw image with holes and an odd name', () => {
  for (const { title, run } of diskReaderContract(sparseSubject)) {
    test(title, run);
  }
});

describe('a raw image', () => {
  test('without holes is one extent stored in its file', async () => {
    const { reader, image } = await subject('full.img', content(70_000));
    const opened = await openImage(reader, image.source, options);
    expect(await extentsOf(opened)).toEqual([
      { kind: 'data', start: 0, length: 70_000, stored: { file: 0, offset: 0 } },
    ]);
    await opened.close();
  });

  test('with holes is one extent if qemu-img is not installed, and is not mapped after an abort', async () => {
    const { reader, image } = await sparseSubject();
    const { PATH } = process.env;
    process.env.PATH = directory;
    try {
      const interruption = new AbortController();
      const opened = await openImage(reader, image.source, { ...options, signal: interruption.signal });
      expect(await extentsOf(opened)).toHaveLength(1);
      interruption.abort();
      await expect(extentsOf(opened)).rejects.toMatchObject({ code: 'aborted' });
      await opened.close();
    } finally {
      process.env.PATH = PATH;
    }
  });

  test('named by a symbolic link is the target of the link', async () => {
    const { reader, image } = await subject('target.img', content(1000));
    const link = join(directory, 'link.img');
    await symlink(image.source.path, link);
    expect(await reader.identify({ path: link }, options)).toEqual(await reader.identify(image.source, options));
  });

  test('has a chain of one raw link with one file', async () => {
    const { reader, image } = await subject('identity.img', content(1000));
    expect(await reader.identify(image.source, options)).toMatchObject({
      chain: [{ format: 'raw', parts: [{ path: image.source.path, size: 1000n }] }],
    });
  });

  test('that shrinks while it is read is reported with its new end', async () => {
    const { reader, image } = await subject('shrinks.img', content(10_000));
    const opened = await openImage(reader, image.source, options);
    await opened.read(new Uint8Array(1), 0);
    await truncate(image.source.path, 5000);
    await expect(opened.read(new Uint8Array(2000), 4000)).rejects.toMatchObject({
      code: 'changed',
      image: image.source.path,
      message: expect.stringContaining(`${image.source.path} now has no data from byte 5000`),
    });
    await opened.close();
  });

  test('with the given format raw is identified as raw regardless of its header', async () => {
    const bytes = Buffer.concat([Buffer.from('QFI\xfb\0\0\0\x03', 'latin1'), content(5000)]);
    const { reader, image } = await subject('forged.img', bytes, 'raw');
    expect(await reader.identify(image.source, options)).toMatchObject({ chain: [{ format: 'raw' }] });
  });
});

describe('a raw image with holes, if qemu-img', () => {
  const notes: string[] = [];
  const warn = (message: string) => void notes.push(message);

  async function withExtents(script: string, check: (extents: Promise<Extent[]>) => Promise<void>): Promise<void> {
    const { reader, image } = await sparseSubject();
    notes.length = 0;
    await withFakeProgram('qemu-img', script, async () => {
      const opened = await openImage(reader, image.source, { ...options, sandbox: 'off', warn });
      await check(extentsOf(opened)).finally(() => opened.close());
    });
  }

  const allData = { kind: 'data', start: 0, length: 5_000_001, stored: { file: 0, offset: 0 } };

  test.each([
    ['prints garbage', 'echo garbage', /did not print the expected JSON/],
    ['omits bytes', 'echo "[]"', /are not consecutive at byte 0/],
    ['fails', 'echo "qemu-img: out of order" >&2; exit 1', /out of order/],
    ['is killed', 'kill -KILL $$', /SIGKILL/],
  ])('%s, is one extent, with one note', async (_, script, reason) => {
    await withExtents(script, async (extents) => expect(await extents).toEqual([allData]));
    expect(notes).toEqual([expect.stringMatching(reason)]);
  });

  test('fails after a while, is data from the start of the last reported run', async () => {
    const path = join(directory, 'long.img');
    await writeFile(path, '');
    await truncate(path, 2 ** 30 + 1000);
    const data = '{"start":0,"length":512,"depth":0,"zero":false,"data":true,"offset":0}';
    const rest = `{"start":512,"length":${2 ** 30 - 512},"depth":0,"zero":true,"data":false}`;
    const script = `case "$*" in *start-offset=0*) echo '[${data},${rest}]';; *) exit 1;; esac`;
    notes.length = 0;
    await withFakeProgram('qemu-img', script, async () => {
      const opened = await openImage(new RawReader(), { path }, { ...options, sandbox: 'off', warn });
      expect(await extentsOf(opened)).toEqual([
        { kind: 'data', start: 0, length: 512, stored: { file: 0, offset: 0 } },
        { kind: 'data', start: 512, length: 2 ** 30 + 488, stored: { file: 0, offset: 512 } },
      ]);
      await opened.close();
    });
    expect(notes).toHaveLength(1);
  });

  test('finds a writer to the file, is refused', async () => {
    const script = `echo 'qemu-img: Failed to get shared "write" lock' >&2; exit 1`;
    await withExtents(script, (extents) => expect(extents).rejects.toMatchObject({ code: 'in-use' }));
    expect(notes).toEqual([]);
  });
});

describe('a raw image that is replaced', () => {
  test('before it is read, is reported', async () => {
    const { reader, image } = await subject('replaced.img', content(10_000));
    const opened = await openImage(reader, image.source, options);
    const other = await subject('other.img', content(10_000));
    await rename(other.image.source.path, image.source.path);
    await expect(opened.read(new Uint8Array(10), 0)).rejects.toMatchObject({ code: 'changed' });
    await opened.close();
  });
});

describe('a raw image that is written to', () => {
  test('before it is read, is reported', async () => {
    const { reader, image } = await subject('written.img', content(10_000));
    const opened = await openImage(reader, image.source, options);
    await appendFile(image.source.path, 'more');
    await expect(opened.read(new Uint8Array(10), 0)).rejects.toMatchObject({
      code: 'changed',
      message: expect.stringContaining('was written to or replaced'),
    });
    await opened.close();
  });
});

describe('an image of another format', () => {
  const qed = Buffer.concat([Buffer.from('QED\0', 'latin1'), Buffer.alloc(400_000)]);
  qed.writeUInt32LE(65_536, 4);
  qed.writeUInt32LE(4, 8);
  qed.writeBigUInt64LE(65_536n, 40);

  test('is left to other readers', async () => {
    const { reader, image } = await subject('other.qed', qed);
    expect(await reader.identify(image.source, options)).toBeUndefined();
  });

  test('is not opened, with a remedy', async () => {
    const { reader, image } = await subject('other.qed', qed);
    const refusal = { code: 'usage', message: expect.stringMatching(/it is a qed image; choose `reader: 'qemu'`, or/) };
    await expect(reader.open(image.source, { chain: [] }, options)).rejects.toMatchObject(refusal);
    await expect(reader.identify(image.source, { ...options, isChosen: true })).rejects.toMatchObject(refusal);
  });
});
