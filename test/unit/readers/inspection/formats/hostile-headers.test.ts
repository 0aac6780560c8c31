import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FileBytes, FormatInspector } from '#readers/inspection/format-inspector.js';
import { readDescriptor } from '#readers/inspection/formats/vmdk-descriptor.js';
import { FORMATS } from '#readers/inspection/formats.js';
import { HeaderError } from '#readers/inspection/header-error.js';
import { SOUND_EXTENTS, SOUND_FILES, vmdkDescriptor } from '../sound-headers.js';

/** The most bytes that an inspector is allowed to request at once: the longest table that qemu reads from qcow2. */
const MAX_READ_BYTES = 32 * 1024 * 1024;
/** The most reads that an inspector is allowed to make, including reads for extents and tables. */
const MAX_READS = 40;

/** Numbers at which comparisons and sums overflow or fail. */
const EDGES = [0n, 1n, 2n, 511n, 512n, 4096n, 65_535n, 65_536n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n];

const edge = fc.oneof(fc.constantFrom(...EDGES, 2n ** 64n - 1n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));

/** A field to overwrite: 1, 2, 4 or 8 bytes, usually near the start of the file. */
const change = fc.record({
  place: fc.oneof(fc.nat(128), fc.nat(1024), fc.nat(2 ** 20)),
  width: fc.constantFrom(1, 2, 4, 8),
  isLittleEndian: fc.boolean(),
  value: edge,
});

interface Change {
  readonly place: number;
  readonly width: number;
  readonly isLittleEndian: boolean;
  readonly value: bigint;
}

function changed(sound: Buffer, changes: readonly Change[]): Buffer {
  const file = Buffer.from(sound);
  for (const { place, width, isLittleEndian, value } of changes) {
    const bytes = Buffer.alloc(8);
    if (isLittleEndian) {
      bytes.writeBigUInt64LE(value);
    } else {
      bytes.writeBigUInt64BE(value);
    }
    bytes.copy(file, place % file.length, isLittleEndian ? 0 : 8 - width, isLittleEndian ? width : 8);
  }
  return file;
}

/** A file of any reported size that starts and ends like the given content, and counts reads. */
class WatchedBytes implements FileBytes {
  readonly name = 'image';
  readonly size: number;
  reads = 0;
  readonly #content: Buffer;

  constructor(content: Buffer, size: number) {
    this.size = size;
    this.#content = content;
  }

  async read(position: number, length: number): Promise<Buffer> {
    this.reads += 1;
    expect(Number.isSafeInteger(position) && position >= 0).toBe(true);
    expect(Number.isSafeInteger(length) && length >= 0 && length <= MAX_READ_BYTES).toBe(true);
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, this.size - position)));
    this.#content.copy(bytes, 0, Math.min(position, this.#content.length));
    const tail = this.#content.subarray(-512);
    const tailAt = this.size - tail.length - position;
    if (tailAt >= 0 && tailAt < bytes.length) {
      tail.copy(bytes, tailAt);
    }
    return bytes;
  }
}

/** Runs the checks of an inspector, and of at most 8 extents. @throws any error that is not a `HeaderError`. */
async function inspectAll(inspector: FormatInspector, bytes: WatchedBytes): Promise<void> {
  try {
    const { virtualSize = 0, extents = [] } = await inspector.readHeader(bytes);
    expect(Number.isSafeInteger(virtualSize) && virtualSize >= 0).toBe(true);
    await inspector.requireTables?.(bytes);
    for (const extent of extents.slice(0, 8)) {
      await extent.check(bytes);
    }
  } catch (thrown) {
    if (!(thrown instanceof HeaderError)) {
      throw thrown;
    }
    expect(thrown.message).toMatch(/^[^\n]+$/);
  }
  expect(bytes.reads).toBeLessThanOrEqual(MAX_READS);
}

/** Checks a file as the only extent of a descriptor that declares the given kind. */
async function checkExtent(kind: string, bytes: WatchedBytes): Promise<void> {
  try {
    await readDescriptor(vmdkDescriptor(`RW 2048 ${kind} "x"`).toString('latin1')).extents[0]!.check(bytes);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(HeaderError);
  }
  expect(bytes.reads).toBeLessThanOrEqual(MAX_READS);
}

const inspectorOf = (format: string) => FORMATS.find((each) => each.format === format)!;

test('the inspector of every format recognises and reads a valid file', async () => {
  expect(new Set(SOUND_FILES.map(([format]) => format))).toEqual(new Set(FORMATS.map(({ format }) => format)));
  for (const [format, file] of SOUND_FILES) {
    expect(inspectorOf(format).recognize({ head: file.subarray(0, 4096), tail: file.subarray(-512) })).toBeDefined();
    await expect(inspectorOf(format).readHeader(new WatchedBytes(file, file.length))).resolves.toBeDefined();
  }
});

describe('a header is read or refused with few reads:', () => {
  test.each(SOUND_FILES)('%s with any changed fields and any file size', async (format, sound) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 4 }),
        fc.constantFrom(sound.length, 2 * sound.length, 2 ** 32, 2 ** 46, Number.MAX_SAFE_INTEGER),
        (changes, size) => inspectAll(inspectorOf(format), new WatchedBytes(changed(sound, changes), size)),
      ),
      { numRuns: 150 },
    );
  });

  test.each(SOUND_FILES)('%s truncated at any length', async (format, sound) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(sound.length), (length) =>
        inspectAll(inspectorOf(format), new WatchedBytes(sound.subarray(0, length), length)),
      ),
      { numRuns: 50 },
    );
  });

  test.each(SOUND_FILES)('%s with any bytes after its magic', async (format, sound) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4096 }), (random) => {
        const file = Buffer.concat([sound.subarray(0, format === 'vdi' ? 68 : 8), random]);
        return inspectAll(inspectorOf(format), new WatchedBytes(file, file.length));
      }),
      { numRuns: 100 },
    );
  });
});

describe('an extent is checked with few reads:', () => {
  test.each(SOUND_EXTENTS)('%s with any changed fields and any file size', async (kind, sound) => {
    const { extents } = readDescriptor(vmdkDescriptor(`RW 2048 ${kind} "x"`).toString('latin1'));
    await expect(extents[0]!.check(new WatchedBytes(sound, sound.length))).resolves.toBeUndefined();
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 4 }),
        fc.constantFrom(sound.length, 2 ** 32, 2 ** 46, Number.MAX_SAFE_INTEGER),
        (changes, size) => checkExtent(kind, new WatchedBytes(changed(sound, changes), size)),
      ),
      { numRuns: 150 },
    );
  });
});
