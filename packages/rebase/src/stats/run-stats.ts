import {
  type CommandContext,
  type FileStamp,
  fileKeyOf,
  type HashVector,
  type Link,
  realPath,
} from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { sizeText } from '../size-text.js';
import { type ContentCounts, contentCounts } from './content-counts.js';
import { attributedBytes, freedBytes, type SpaceOfFiles, spaceOfFiles } from './shared-space.js';
import { type StoredFile, storedFile } from './stored-ranges.js';
import { type StoreEstimate, storeEstimates } from './stores.js';

/** The exit code if some images could not be hashed or their files are unknown. The others were counted. */
const EXIT_PARTIAL = 3;

/** An image that was hashed. */
interface Image {
  readonly path: string;
  readonly vector: HashVector;
  /** The files of the image and of its backing files; empty if they are unknown. */
  readonly files: readonly FileStamp[];
  /** Those that belong only to the image itself, not to a backing file. */
  readonly own: readonly FileStamp[];
}

/** The space of an image. Sizes are in bytes. */
interface ImageSpace {
  readonly path: string;
  /** The size of the disk. */
  readonly virtualSize: number;
  /** The size of its non-zero blocks. */
  readonly data: number;
  /** What its own files occupy; absent, like the following, if its files are unknown. */
  readonly stored?: number;
  /** What deleting its own files frees. */
  readonly reclaimable?: number;
  /** Its part of the space of all files, including backing files: space of several images is divided equally. */
  readonly attributed?: number;
  /** The named images of which it is a backing file. */
  readonly neededBy: readonly string[];
}

export async function runStats(context: CommandContext): Promise<number> {
  const { messages, signal, options } = context;
  const { outcomes } = await context.images!.hash();
  const stored = await storedFiles(
    outcomes.map(({ vector }) => vector),
    signal,
  );
  const images = outcomes.flatMap(({ path, vector }) => (vector === undefined ? [] : [imageOf(path, vector, stored)]));
  const firstFailure = outcomes.find(({ error }) => error !== undefined)?.error;
  if (images.length === 0) {
    throw firstFailure ?? new VirtSimilarityError('usage', 'expected images, found none; name an image');
  }
  const unknown = images.filter(({ files }) => files.length === 0);
  for (const { path } of unknown) {
    messages.warning(`${path}: its files are unknown, so that only its content is counted`);
  }
  const space = new Space(images, stored);
  const deleted = await numbersOf((options.delete ?? []) as readonly string[], images);
  for (const index of deleted) {
    const needed = space.dependantsOf(index).filter((other) => !deleted.has(other));
    if (needed.length > 0) {
      const names = needed.map((other) => images[other]!.path).join(', ');
      messages.warning(`${images[index]!.path} is a backing file of ${names}, which cannot be read without it`);
    }
  }
  const vectors = images.map(({ vector }) => vector);
  const content = await contentCounts(vectors, 1, signal);
  const result = {
    images: images.map((_, index) => space.of(index)),
    stored: space.stored,
    content,
    stores: await storeEstimates(vectors, signal),
    ...(deleted.size > 0 && { freed: space.freedBy(deleted) }),
  };
  if (options['output-format'] === 'json') {
    await context.write(`${JSON.stringify(result, undefined, 2)}\n`);
  } else {
    await context.writeTable(imageRows(result.images, result.stored));
    await context.write('\n');
    await context.writeTable(contentRows(content));
    await context.write('\n');
    await context.writeTable(storeRows(result.stores));
  }
  const ratio = content.distinct === 0 ? 1 : content.blocks / content.distinct;
  messages.note(`blocks of ${sizeText(content.blockSize)}: dedup = ${ratio.toFixed(2)}`);
  if (result.freed !== undefined) {
    messages.note(
      `deleting ${deleted.size === 1 ? 'this image' : `these ${deleted.size} images`} frees ${sizeText(result.freed)}`,
    );
  }
  return firstFailure === undefined && unknown.length === 0 ? 0 : EXIT_PARTIAL;
}

/** Returns where the files of images are stored, by their keys, without files that were replaced or removed. */
async function storedFiles(
  vectors: readonly (HashVector | undefined)[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, StoredFile>> {
  const stored = new Map<string, StoredFile>();
  for (const file of vectors.flatMap((vector) => (vector?.identity?.chain ?? []).flatMap(filesOf))) {
    const found = stored.has(fileKeyOf(file)) ? undefined : await storedFile(file, signal);
    if (found !== undefined) {
      stored.set(fileKeyOf(file), found);
    }
  }
  return stored;
}

function imageOf(path: string, vector: HashVector, stored: ReadonlyMap<string, StoredFile>): Image {
  const chain = vector.identity?.chain ?? [];
  const isKnown = chain.every(({ parts }) =>
    parts.every((part) => part.kind === 'file' && stored.has(fileKeyOf(part))),
  );
  const [top] = chain;
  return isKnown && top !== undefined
    ? { path, vector, files: chain.flatMap(filesOf), own: filesOf(top) }
    : { path, vector, files: [], own: [] };
}

function filesOf({ parts }: Link): FileStamp[] {
  return parts.filter((part) => part.kind === 'file');
}

/** The space of images on disk. */
class Space {
  readonly #images: readonly Image[];
  /** The index of each file, by its key. */
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #parts: readonly SpaceOfFiles[];
  readonly #attributed: readonly number[];

  constructor(images: readonly Image[], stored: ReadonlyMap<string, StoredFile>) {
    const keys = [...new Set(images.flatMap(({ files }) => files.map(fileKeyOf)))];
    const numbers = new Map(keys.map((key, index) => [key, index]));
    this.#images = images;
    this.#numbers = numbers;
    this.#parts = spaceOfFiles(keys.map((key) => stored.get(key)!));
    const users = Array.from({ length: numbers.size }, () => new Set<number>());
    for (const [image, { files }] of images.entries()) {
      for (const file of files) {
        users[numbers.get(fileKeyOf(file))!]!.add(image);
      }
    }
    this.#attributed = attributedBytes(this.#parts, images.length, (file) => [...users[file]!]);
  }

  /** The bytes of all files, each range once. */
  get stored(): number {
    return this.#parts.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  of(index: number): ImageSpace {
    const { path, vector, files, own } = this.#images[index]!;
    const numbers = own.map((file) => this.#numbers.get(fileKeyOf(file))!);
    const occupied = this.#parts.filter((part) => part.files.some((file) => numbers.includes(file)));
    return {
      path,
      virtualSize: vector.virtualSize,
      data: vector.dataBlocks * vector.blockSize,
      ...(files.length > 0 && {
        stored: occupied.reduce((sum, { bytes }) => sum + bytes, 0),
        reclaimable: this.freedBy(new Set([index])),
        attributed: this.#attributed[index]!,
      }),
      neededBy: this.dependantsOf(index).map((other) => this.#images[other]!.path),
    };
  }

  /** Returns the bytes that deleting the own files of some images frees. */
  freedBy(images: ReadonlySet<number>): number {
    const own = [...images].flatMap((image) => this.#images[image]!.own);
    return freedBytes(this.#parts, new Set(own.map((file) => this.#numbers.get(fileKeyOf(file))!)));
  }

  /** Returns the images that have a file of this image as a backing file. */
  dependantsOf(index: number): number[] {
    const own = new Set(this.#images[index]!.own.map(fileKeyOf));
    return this.#images.flatMap((image, other) => {
      const backing = image.files.slice(image.own.length);
      return other !== index && backing.some((file) => own.has(fileKeyOf(file))) ? [other] : [];
    });
  }
}

/**
 * Returns the indices of the images with these paths.
 *
 * @throws `usage` if a path is not among the images.
 */
async function numbersOf(paths: readonly string[], images: readonly Image[]): Promise<Set<number>> {
  const numbers = new Set<number>();
  for (const path of paths) {
    const target = await realPath(path).catch(() => path);
    const number = images.findIndex((image) => image.path === path || image.own.some((file) => file.path === target));
    if (number < 0) {
      throw new VirtSimilarityError('usage', `--delete ${path}: it is not among the images; name it as an image too`);
    }
    numbers.add(number);
  }
  return numbers;
}

function imageRows(images: readonly ImageSpace[], stored: number): string[][] {
  const size = (bytes: number | undefined) => (bytes === undefined ? '-' : sizeText(bytes));
  return [
    ['IMAGE', 'SIZE', 'DATA', 'STORED', 'RECLAIMABLE', 'ATTRIBUTED', 'NEEDED BY'],
    ...images.map((image) => [
      image.path,
      size(image.virtualSize),
      size(image.data),
      size(image.stored),
      size(image.reclaimable),
      size(image.attributed),
      image.neededBy.join(', '),
    ]),
    ['total', '', '', size(stored), '', size(stored), ''],
  ];
}

/** Returns the columns that `zdb -S` prints, without those for compressed sizes. */
function contentRows({ buckets, blockSize, blocks, distinct }: ContentCounts): string[][] {
  const row = (title: string, some: number, occurrences: number) => [
    title,
    String(some),
    sizeText(some * blockSize),
    String(occurrences),
    sizeText(occurrences * blockSize),
  ];
  return [
    ['REFCNT', 'ALLOCATED', 'LSIZE', 'REFERENCED', 'LSIZE'],
    ...buckets.map((bucket) => row(String(bucket.occurrences), bucket.distinct, bucket.blocks)),
    row('total', distinct, blocks),
  ];
}

function storeRows(stores: readonly StoreEstimate[]): string[][] {
  return [
    ['STORE', 'BLOCK', 'WOULD NEED', 'INDEX'],
    ...stores.map(({ name, blockSize, bytes, indexBytes }) => [
      name,
      sizeText(blockSize),
      sizeText(bytes),
      sizeText(indexBytes),
    ]),
  ];
}
