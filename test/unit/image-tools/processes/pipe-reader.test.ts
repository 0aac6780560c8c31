import { closeSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { makePipe } from '#image-tools/processes/pipe.js';
import { PipeReader } from '#image-tools/processes/pipe-reader.js';
import { deterministicBytes } from '../../../fixtures/index.js';

const writeSome = promisify(write);
const readers: PipeReader[] = [];

afterEach(() => {
  for (const reader of readers.splice(0)) {
    reader.close();
  }
});

async function openPipe(): Promise<{ readonly reader: PipeReader; readonly writer: number }> {
  const pipe = await makePipe({ component: 'test' });
  const reader = new PipeReader(pipe.reader);
  readers.push(reader);
  return { reader, writer: pipe.writer };
}

/** Writes all bytes in pieces of at most `piece` bytes, waits while the pipe is full, and closes the pipe. */
async function writeAll(writer: number, bytes: Uint8Array, piece: number): Promise<void> {
  for (let start = 0; start < bytes.length; ) {
    start += (await writeSome(writer, bytes.subarray(start, start + piece))).bytesWritten;
  }
  closeSync(writer);
}

const sharedMemory = (length: number) => new Uint8Array(new SharedArrayBuffer(length));

test('returns every byte in order, regardless of the lengths of reads and writes', async () => {
  const length = fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 60_000, max: 300_000 }));
  const property = fc.asyncProperty(length, length, length, fc.boolean(), async (total, piece, asked, isShared) => {
    const bytes = deterministicBytes('pipe', total * 3);
    const { reader, writer } = await openPipe();
    const written = writeAll(writer, bytes, piece);
    const found: Uint8Array[] = [];
    for (;;) {
      const target = isShared ? sharedMemory(asked) : new Uint8Array(asked);
      const filled = await reader.read(target);
      found.push(target.slice(0, filled));
      if (filled < asked) {
        break;
      }
    }
    await written;
    expect(Buffer.concat(found).equals(bytes)).toBe(true);
    expect(await reader.read(new Uint8Array(1))).toBe(0);
  });
  await fc.assert(property, { numRuns: 30 });
});

test('a writer waits while nothing is read', async () => {
  const { reader, writer } = await openPipe();
  const bytes = deterministicBytes('waits', 1_000_000);
  let isWritten = false;
  const written = writeAll(writer, bytes, bytes.length).then(() => {
    isWritten = true;
  });
  const first = new Uint8Array(100_000);
  expect(await reader.read(first)).toBe(first.length);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(isWritten).toBe(false);
  const rest = new Uint8Array(bytes.length);
  const filled = await reader.read(rest);
  await written;
  expect(Buffer.concat([first, rest.subarray(0, filled)]).equals(bytes)).toBe(true);
});

test('a pending read ends when the reader is closed, with the bytes that it has received', async () => {
  const { reader, writer } = await openPipe();
  const target = new Uint8Array(10);
  const read = reader.read(target);
  await writeSome(writer, Uint8Array.of(1, 2, 3));
  await new Promise((resolve) => setTimeout(resolve, 50));
  reader.close();
  expect(await read).toBe(3);
  expect(await reader.read(target)).toBe(0);
  closeSync(writer);
});
