import assert from 'node:assert/strict';
import type { DiskStream } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core';
import { asserting, assertSame, type ContractTest } from './contract-test.js';
import { type DiskReaderSubject, identityOf } from './disk-reader.js';

/** Bytes on each side of a read's target; they must not change. */
const MARGIN = 64;
const ODD_LENGTH = 4097;

/**
 * The contract of a disk reader, tested with one image that it reads only from beginning to end. The factory is called
 * once per test.
 */
export function diskStreamContract(create: () => Promise<DiskReaderSubject>): ContractTest[] {
  const withStream = (title: string, check: (stream: DiskStream, subject: DiskReaderSubject) => Promise<void>) => ({
    title,
    run: async () => {
      const subject = await create();
      const stream = await openStream(subject);
      try {
        await check(stream, subject);
      } finally {
        await stream.close();
      }
    },
  });
  return asserting({ of: 'DiskStream', file: 'disk-image.d.ts' }, [
    withStream('reports the same identity with and without opening the image', testIdentity),
    withStream('reads the complete disk in one call', testWhole),
    withStream('reads the complete disk in pieces', testPieces),
    withStream('reads into shared memory', testSharedMemory),
    withStream('can be closed repeatedly before its end, and refuses to read afterwards', testClose),
    { title: 'does not read after the signal has fired', run: async () => testSignal(await create()) },
  ]);
}

async function openStream(subject: DiskReaderSubject, signal?: AbortSignal): Promise<DiskStream> {
  const { reader, image } = subject;
  const options = signal === undefined ? image.options : { ...image.options, signal };
  const opened = await reader.open(image.source, await identityOf(subject), options);
  assert.ok('readNext' in opened, 'expected a stream; use diskReaderContract for other images');
  return opened;
}

async function testIdentity(stream: DiskStream, subject: DiskReaderSubject): Promise<void> {
  assertSame(stream.identity, await identityOf(subject), 'expected the opened stream to have the chain of identify');
}

async function testWhole(stream: DiskStream, { image: { content } }: DiskReaderSubject): Promise<void> {
  const surroundings = new Uint8Array(content.length + 1 + 2 * MARGIN).fill(0xa5);
  const target = surroundings.subarray(MARGIN, -MARGIN);
  assert.equal(await stream.readNext(target), content.length, 'expected the number of bytes up to the end of the disk');
  assert.ok(Buffer.from(content).equals(target.subarray(0, content.length)), 'expected the content of the disk');
  const margins = [surroundings.subarray(0, MARGIN), surroundings.subarray(-MARGIN)];
  assert.ok(
    margins.every((margin) => margin.every((byte) => byte === 0xa5)),
    'expected no byte to be written outside the target',
  );
  assert.equal(await stream.readNext(target), 0, 'expected 0 after the end');
}

async function testPieces(stream: DiskStream, { image: { content } }: DiskReaderSubject): Promise<void> {
  const pieces: Buffer[] = [];
  for (let length = ODD_LENGTH; length === ODD_LENGTH; ) {
    const piece = Buffer.alloc(ODD_LENGTH);
    length = await stream.readNext(piece);
    pieces.push(piece.subarray(0, length));
  }
  assert.ok(Buffer.concat(pieces).equals(content), 'expected the content of the disk');
}

async function testSharedMemory(stream: DiskStream, { image: { content } }: DiskReaderSubject): Promise<void> {
  const target = new Uint8Array(new SharedArrayBuffer(content.length));
  await stream.readNext(target);
  assert.ok(Buffer.from(content).equals(target), 'expected the content of the disk');
}

async function testClose(stream: DiskStream): Promise<void> {
  await Promise.all([stream.close(), stream.close()]);
  await stream.close();
  await assert.rejects(stream.readNext(new Uint8Array(1)), VirtSimilarityError);
}

async function testSignal(subject: DiskReaderSubject): Promise<void> {
  const interruption = new AbortController();
  const stream = await openStream(subject, interruption.signal);
  try {
    interruption.abort();
    await assert.rejects(stream.readNext(new Uint8Array(1)), { code: 'aborted' });
  } finally {
    await stream.close();
  }
}
