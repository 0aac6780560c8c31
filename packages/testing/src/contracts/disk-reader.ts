import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type {
  DiskImage,
  DiskReader,
  DiskSource,
  DiskStream,
  Extent,
  ImageIdentity,
  PartDiagnosis,
  ReadOptions,
} from '@virt-similarity/core';
import { baseOf, fileStampsOf, messageOf, partsOf, VirtSimilarityError } from '@virt-similarity/core';
import { asserting, assertSame, type ContractTest } from './contract-test.js';
import { ONE_LINE } from './option-declarations.js';

/** Guard bytes on each side of a read's target; they must not change. */
const MARGIN = 64;

/** An image to read, and its expected content. */
export interface DiskReaderCase {
  readonly source: DiskSource;
  readonly options: ReadOptions;
  /** The complete disk as the guest sees it. */
  readonly content: Uint8Array;
}

/** The result of the factory, for one test. */
export interface DiskReaderSubject {
  readonly reader: DiskReader;
  readonly image: DiskReaderCase;
}

/**
 * The contract of every disk reader, tested with one image that can be read at any position. The factory is called once
 * per test; it can return the same image each time.
 */
export function diskReaderContract(create: () => Promise<DiskReaderSubject>): ContractTest[] {
  const withImage = (title: string, check: (image: DiskImage, subject: DiskReaderSubject) => Promise<void>) => ({
    title,
    run: async () => {
      const subject = await create();
      const { reader, image: named } = subject;
      const image = asImage(await reader.open(named.source, await identityOf(subject), named.options));
      try {
        await check(image, subject);
      } finally {
        await image.close();
      }
    },
  });
  return asserting({ of: 'DiskReader', file: 'disk-reader.d.ts' }, [
    { title: 'declares valid extensions and formats', run: async () => testDescription((await create()).reader) },
    { title: 'identifies the image', run: async () => testIdentified(await create()) },
    withImage('reports the size that the guest sees', testSize),
    withImage('reports the same identity with and without opening the image', testIdentity),
    withImage('returns extents that cover the complete disk in order', testExtentsCover),
    withImage('returns zero extents only where the disk reads as zeros', testZeroExtents),
    withImage('reports correctly where data is stored verbatim', testStoredExtents),
    withImage('opens images that report their base images and inherited extents correctly', testBacking),
    withImage('reads any range exactly', testRanges),
    withImage('reads several ranges at once', testConcurrentReads),
    withImage('reads into shared memory', testSharedMemory),
    withImage('refuses to read before the beginning or past the end', testPastTheEnd),
    withImage('opens images that can be closed repeatedly and cannot be read afterwards', testClose),
    { title: 'does not change the files', run: async () => testFilesUntouched(await create()) },
    { title: 'fails with a VirtSimilarityError on a missing image', run: async () => testMissing(await create()) },
    { title: 'does not read after the signal has fired', run: async () => testSignal(await create()) },
    {
      title: 'opens the same image in a session, if it has sessions',
      run: async () => testSession(await create()),
    },
    {
      title: 'does not report the image as a part of another image, if it lists parts',
      run: async () => testParts(await create()),
    },
    {
      title: 'returns distinct names of the images in a file, if it lists them',
      run: async () => testImages(await create()),
    },
    {
      title: 'returns a consistent diagnosis, if it supports this',
      run: async () => testDiagnosis((await create()).reader),
    },
  ]);
}

function asImage(opened: DiskImage | DiskStream): DiskImage {
  assert.ok('read' in opened, 'expected an image that can be read at any position; use diskStreamContract for others');
  return opened;
}

/** Identifies the image of a subject, which its reader must accept. */
export async function identityOf({ reader, image }: DiskReaderSubject): Promise<ImageIdentity> {
  const identity = await reader.identify(image.source, image.options);
  assert.ok(identity !== undefined, 'expected the reader to accept the image');
  return identity;
}

function testDescription({ extensions = [], formats = [], fallback }: DiskReader): void {
  for (const extension of extensions) {
    assert.match(extension, /^\.[^/A-Z]+$/, 'extensions: expected a dot and lower case, such as .img');
  }
  assert.ok(Array.isArray(formats), 'formats: expected a list of names');
  for (const format of formats) {
    assert.match(format, ONE_LINE, 'formats: expected names of one line');
  }
  assert.ok(fallback === undefined || fallback === true, 'fallback: expected true or undefined');
}

async function testIdentified(subject: DiskReaderSubject): Promise<void> {
  const { chain } = await identityOf(subject);
  assert.ok(chain.length >= 1, 'chain: expected at least one link');
  for (const { format } of chain) {
    assert.match(format, /^[^<]*$/, 'formats: expected names without <, which separates the formats of a chain');
  }
}

async function testSize(image: DiskImage, subject: DiskReaderSubject): Promise<void> {
  assert.equal(image.virtualSize, subject.image.content.length, sizeProblem(image, subject));
}

function sizeProblem({ virtualSize }: DiskImage, { image: { content } }: DiskReaderSubject): string {
  return `virtualSize: expected ${content.length}, the length of the case's content, found ${virtualSize}`;
}

async function testIdentity(opened: DiskImage, subject: DiskReaderSubject): Promise<void> {
  const identity = await identityOf(subject);
  assertSame(identity, opened.identity, 'expected identify and the opened image to have the same identity');
  assert.ok(partsOf(identity).length >= 1, 'expected the identity to have at least one part, such as stampOf returns');
  for (const part of fileStampsOf(identity)) {
    assert.ok(part.path.startsWith('/'), `expected absolute paths of parts, found ${part.path}`);
    const stats = await stat(part.path, { bigint: true });
    assertSame(
      [part.device, part.inode, part.mtimeNs, part.ctimeNs],
      [stats.dev, stats.ino, stats.mtimeNs, stats.ctimeNs],
      `expected device, inode and times of ${part.path} as stat reports them`,
    );
  }
}

async function testExtentsCover(image: DiskImage): Promise<void> {
  let position = 0;
  const extents = await extentsOf(image);
  for (const extent of extents) {
    assert.ok(extent.kind === 'data' || extent.kind === 'zero', 'expected the kind data or zero');
    assert.equal(extent.start, position, `expected the next extent to start at ${position}, found ${extent.start}`);
    const isLength = Number.isSafeInteger(extent.length) && extent.length >= 1;
    assert.ok(isLength, `expected extents of at least 1 byte, found ${extent.length}`);
    position += extent.length;
  }
  assert.equal(
    position,
    image.virtualSize,
    `expected extents up to ${image.virtualSize}, found the end at ${position}`,
  );
  assertSame(await extentsOf(image), extents, 'expected the same extents again');
}

async function testZeroExtents(image: DiskImage, subject: DiskReaderSubject): Promise<void> {
  for (const { kind, start, length } of await extentsOf(image)) {
    const isZero = subject.image.content.subarray(start, start + length).every((byte) => byte === 0);
    assert.ok(kind === 'data' || isZero, `found a zero extent at ${start} of ${length} bytes, which are not all zeros`);
  }
}

async function testStoredExtents(image: DiskImage, subject: DiskReaderSubject): Promise<void> {
  for (const extent of await extentsOf(image)) {
    if (extent.kind === 'data' && extent.stored !== undefined) {
      const { file, offset } = extent.stored;
      const part = fileStampsOf(image.identity)[file];
      assert.ok(part !== undefined, `stored.file: expected an index of fileStampsOf(identity), found ${file}`);
      const bytes = await readFile(part.path);
      const stored = bytes.subarray(offset, offset + extent.length);
      assertSameBytes(stored, subject.image.content.subarray(extent.start, extent.start + extent.length));
    }
  }
}

async function testBacking(image: DiskImage, { reader, image: { options } }: DiskReaderSubject): Promise<void> {
  const base = baseOf(image.identity);
  const inherited = (await extentsOf(image)).filter((extent) => extent.kind === 'data' && extent.inherited === true);
  if (base === undefined) {
    assert.equal(inherited.length, 0, 'expected no inherited extents without a base that can be opened');
    return;
  }
  const identified = await reader.identify(base.source, options);
  assertSame(identified, base.identity, 'expected identify to return the same chain for the base');
  const opened = asImage(await reader.open(base.source, base.identity, options));
  try {
    assertSame(opened.identity, base.identity, 'expected the opened base to have the same chain');
    for (const { start, length } of inherited) {
      const [own, inheritedBytes] = [new Uint8Array(length), new Uint8Array(length)];
      await image.read(own, start);
      await opened.read(inheritedBytes, start);
      assertSameBytes(own, inheritedBytes);
    }
  } finally {
    await opened.close();
  }
}

async function testRanges(image: DiskImage, subject: DiskReaderSubject): Promise<void> {
  for (const { start, length } of rangesWithin(image.virtualSize)) {
    await assertRange(image, subject.image.content, start, length);
  }
}

async function testConcurrentReads(image: DiskImage, subject: DiskReaderSubject): Promise<void> {
  const { content } = subject.image;
  await Promise.all(
    rangesWithin(image.virtualSize).map(({ start, length }) => assertRange(image, content, start, length)),
  );
}

async function testSharedMemory(image: DiskImage, subject: DiskReaderSubject): Promise<void> {
  const length = Math.min(image.virtualSize, 65_536);
  const target = new Uint8Array(new SharedArrayBuffer(length));
  await image.read(target, 0);
  assertSameBytes(target, subject.image.content.subarray(0, length));
}

async function testPastTheEnd(image: DiskImage): Promise<void> {
  const { virtualSize } = image;
  for (const [length, position] of [
    [1, virtualSize],
    [2, Math.max(0, virtualSize - 1)],
    [1, -1],
  ] as const) {
    await assertRefused(image.read(new Uint8Array(length), position), `a read of ${length} bytes at ${position}`);
  }
}

async function testClose(image: DiskImage): Promise<void> {
  await Promise.all([image.close(), image.close()]);
  await image.close();
  if (image.virtualSize > 0) {
    await assertRefused(image.read(new Uint8Array(1), 0), 'a read after close()');
  }
}

async function testFilesUntouched(subject: DiskReaderSubject): Promise<void> {
  const { reader, image } = subject;
  const identity = await identityOf(subject);
  const snapshot = () =>
    Promise.all(
      fileStampsOf(identity).map(async ({ path }) => ({
        path,
        digest: createHash('sha256')
          .update(await readFile(path))
          .digest('hex'),
        mtime: (await stat(path)).mtimeMs,
      })),
    );
  const before = await snapshot();
  const opened = asImage(await reader.open(image.source, identity, image.options));
  await extentsOf(opened);
  await opened.read(new Uint8Array(opened.virtualSize), 0);
  await opened.close();
  assertSame(await snapshot(), before, 'expected the same content and times of the files');
}

async function testMissing(subject: DiskReaderSubject): Promise<void> {
  const { reader, image } = subject;
  // Keeps the extension, because a reader can recognise its images by the extension.
  const source = { ...image.source, path: image.source.path.replace(/[^/]*$/, 'missing-$&') };
  const isUnreadable = (error: unknown) => error instanceof VirtSimilarityError && error.code === 'unreadable';
  const problem = 'expected a VirtSimilarityError with the code unreadable for a missing file';
  const unopened = await reader.identify(source, image.options).catch((thrown: unknown) => {
    assert.ok(isUnreadable(thrown), `identify: ${problem}; found ${messageOf(thrown)}`);
    return undefined;
  });
  // Checking whether an object exists may need a connection, so a reader may postpone this check to open().
  const isObject = unopened !== undefined && partsOf(unopened).every(({ kind }) => kind === 'object');
  assert.ok(unopened === undefined || isObject, 'expected a missing file to have no identity');
  await assert.rejects(reader.open(source, await identityOf(subject), image.options), isUnreadable, `open: ${problem}`);
}

async function testSignal({ reader, image: { source, options, content } }: DiskReaderSubject): Promise<void> {
  const interruption = new AbortController();
  const identity = await identityOf({ reader, image: { source, options, content } });
  const image = asImage(await reader.open(source, identity, { ...options, signal: interruption.signal }));
  try {
    interruption.abort();
    const problem = 'expected a VirtSimilarityError with the code aborted; call throwIfAborted with the signal';
    await assert.rejects(image.read(new Uint8Array(1), 0), { code: 'aborted' }, `read: ${problem}`);
    await assert.rejects(extentsOf(image), { code: 'aborted' }, `extents: ${problem}`);
  } finally {
    await image.close();
  }
}

async function testSession(subject: DiskReaderSubject): Promise<void> {
  const { reader, image: named } = subject;
  const identity = await identityOf(subject);
  const session = reader.startSession?.([{ source: named.source, identity }], named.options);
  if (session === undefined) {
    return;
  }
  try {
    const image = asImage(await session.open(named.source, identity, named.options));
    assertSame(image.identity, identity, 'expected the image to have the identity that startSession received');
    await assertRange(image, named.content, 0, named.content.length);
    await image.close();
  } finally {
    await session.close();
    await session.close();
  }
}

async function testParts({ reader, image }: DiskReaderSubject): Promise<void> {
  const name = basename(image.source.path);
  const parts = await reader.partsIn?.(dirname(image.source.path), [name, `${name}.missing`]);
  if (reader.partsIn !== undefined) {
    assert.ok(parts !== undefined && typeof parts[Symbol.iterator] === 'function', 'partsIn: expected a map');
    assert.ok(!parts.has(name), 'partsIn: expected the image not to be a part of another image');
  }
}

async function testImages({ reader, image }: DiskReaderSubject): Promise<void> {
  const names = await reader.imagesIn?.(image.source);
  if (names !== undefined) {
    assert.ok(
      names.every((name) => typeof name === 'string' && name !== ''),
      'imagesIn: expected names that are not empty',
    );
    assert.equal(new Set(names).size, names.length, 'imagesIn: expected names that differ');
  }
}

async function testDiagnosis(reader: DiskReader): Promise<void> {
  const diagnosis = await reader.diagnose?.({});
  if (reader.diagnose === undefined) {
    return;
  }
  assert.ok(
    diagnosis !== undefined && Array.isArray(diagnosis.requirements) && Array.isArray(diagnosis.abilities),
    'diagnose: expected an object with lists of requirements and abilities',
  );
  const { requirements, abilities }: PartDiagnosis = diagnosis;
  const names = requirements.map(({ name }) => name);
  for (const { state } of requirements) {
    assert.ok(['present', 'missing', 'broken'].includes(state), `expected a state, found ${state}`);
  }
  for (const { needs, purpose } of abilities) {
    assert.match(purpose, ONE_LINE, 'abilities: expected a purpose of one line');
    assert.ok(
      needs.every((need: string) => names.includes(need)),
      'expected abilities to need only listed requirements',
    );
  }
}

async function extentsOf(image: DiskImage): Promise<Extent[]> {
  const extents: Extent[] = [];
  for await (const extent of image.extents()) {
    extents.push(extent);
  }
  return extents;
}

/** Returns aligned and unaligned ranges: empty, complete, at both ends and across likely block boundaries. */
function rangesWithin(size: number): { readonly start: number; readonly length: number }[] {
  const starts = [0, 1, 511, 4095, 65_535, 65_537, size - 1, size - 513, size].filter(
    (start) => start >= 0 && start <= size,
  );
  const lengths = [0, 1, 3, 512, 4097, 65_537, size];
  return starts.flatMap((start) => lengths.map((length) => ({ start, length: Math.min(length, size - start) })));
}

/**
 * Reads into a part of a larger buffer. Asserts that this part has the expected content, and that the rest does not
 * change.
 */
async function assertRange(image: DiskImage, content: Uint8Array, start: number, length: number): Promise<void> {
  const surroundings = new Uint8Array(length + 2 * MARGIN).fill(0xa5);
  const target = surroundings.subarray(MARGIN, MARGIN + length);
  await image.read(target, start);
  const margins = [surroundings.subarray(0, MARGIN), surroundings.subarray(MARGIN + length)];
  assert.ok(
    margins.every((margin) => margin.every((byte) => byte === 0xa5)),
    'expected no byte to be written outside the target',
  );
  assertSameBytes(target, content.subarray(start, start + length));
}

async function assertRefused(reading: Promise<void>, what: string): Promise<void> {
  await assert.rejects(reading, VirtSimilarityError, `expected ${what} to fail with a VirtSimilarityError`);
}

/** Asserts equality like `assertSame`, but is fast for megabytes. */
function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length, `expected ${expected.length} bytes, found ${actual.length}`);
  const difference = actual.findIndex((byte, index) => byte !== expected[index]);
  assert.equal(difference, -1, `byte ${difference} is ${actual[difference]}, expected ${expected[difference]}`);
}
