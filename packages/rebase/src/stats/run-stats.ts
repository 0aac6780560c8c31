import {
  type CommandContext,
  type CommandMessages,
  type FileStamp,
  fileKeyOf,
  type HashVector,
  isNamedAsVector,
  type Link,
  realPath,
  sameIdentity,
} from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { sizeText } from '../size-text.js';
import { type ContentCounts, contentCounts } from './content-counts.js';
import { attributedBytes, type FreedBytes, freedBytes, type SpaceOfFiles, spaceOfFiles } from './shared-space.js';
import { type StoredFile, storageOf } from './stored-ranges.js';
import { type StoreEstimate, storeEstimates } from './stores.js';

/** The exit code if some images could not be hashed, or it is not known what they occupy. The others were counted. */
const EXIT_PARTIAL = 3;

/** An image that was hashed. */
interface Image {
  readonly path: string;
  /** The path with symbolic links resolved. */
  readonly realPath: string;
  readonly vector: HashVector;
  /** The files of the image itself, and then those of its backing files. */
  readonly files: readonly FileStamp[];
  /** The number of files that belong to the image itself. */
  readonly own: number;
  /** Whether it is known what all of its files occupy. */
  readonly isKnown: boolean;
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
  readonly reclaimable?: FreedBytes;
  /** Its part of the space of all files, including backing files: space of several images is divided equally. */
  readonly attributed?: number;
  /** The named images of which it is a backing file. */
  readonly neededBy: readonly string[];
}

export async function runStats(context: CommandContext): Promise<number> {
  const { messages, signal, options } = context;
  const { found, outcomes } = await context.images!.hash();
  const hashed = outcomes.flatMap(({ path, vector }, index) =>
    vector === undefined ? [] : [{ path, vector, isVector: isNamedAsVector(found.sources[index]!) }],
  );
  const firstFailure = outcomes.find(({ error }) => error !== undefined)?.error;
  if (hashed.length === 0) {
    throw firstFailure ?? new VirtSimilarityError('usage', 'expected images, found none; name an image');
  }
  const counted = hashed.filter(({ path, vector, isVector }) => {
    const image = hashed.find((each) => !each.isVector && isSameImage(each.vector, vector));
    if (!isVector || image === undefined) {
      return true;
    }
    messages.note(`${path} is left out: it is the hash vector of ${image.path}`);
    return false;
  });
  const stored = await storedFiles(
    counted.map(({ vector }) => vector),
    messages,
    signal,
  );
  const images = await Promise.all(counted.map(({ path, vector }) => imageOf(path, vector, stored)));
  for (const { path, files } of images) {
    if (files.length === 0) {
      messages.warning(`${path}: its files are unknown, so that only its content is counted`);
    }
  }
  const space = new Space(images, stored);
  const deleted = await numbersOf((options.delete ?? []) as readonly string[], images);
  for (const index of deleted) {
    const needed = space.dependantsOf(index, deleted);
    if (needed.length > 0) {
      const names = needed.map((other) => images[other]!.path).join(', ');
      messages.warning(`${images[index]!.path} is a backing file of ${names}, which cannot be read without it`);
    }
  }
  const vectors = differentVectors(images);
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
    const what = deleted.size === 1 ? 'this image' : `these ${deleted.size} images`;
    messages.note(`deleting ${what} frees ${freedText(result.freed)}`);
  }
  return firstFailure === undefined && images.every(({ isKnown }) => isKnown) ? 0 : EXIT_PARTIAL;
}

function isSameImage(one: HashVector, other: HashVector): boolean {
  return one.identity !== undefined && other.identity !== undefined && sameIdentity(one.identity, other.identity);
}

/** Returns the vectors of the images, those of hard links to the same files only once. */
function differentVectors(images: readonly Image[]): HashVector[] {
  const keys = images.map(({ files, vector: { name } }) => (files.length === 0 ? name : files.map(fileKeyOf).join()));
  const parts = images.map(({ vector }) => (vector.identity?.chain[0]?.parts ?? []).length);
  // Disks of one archive have the same files, but further parts, which tell them apart.
  return images.flatMap(({ vector, own }, index) =>
    parts[index] === own && keys.indexOf(keys[index]!) < index ? [] : [vector],
  );
}

/** Returns where the files of images are stored, by their keys. Warns about files of which this is not known. */
async function storedFiles(
  vectors: readonly HashVector[],
  messages: CommandMessages,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, StoredFile>> {
  const stored = new Map<string, StoredFile>();
  const files = new Map(
    vectors.flatMap(({ identity }) => (identity?.chain ?? []).flatMap(filesOf)).map((file) => [fileKeyOf(file), file]),
  );
  for (const [key, file] of files) {
    const found = await storageOf(file, signal);
    if (found.problem !== undefined) {
      messages.warning(`what deleting ${file.path} frees is not known: ${found.problem}`);
    }
    if (found.stored !== undefined) {
      stored.set(key, found.stored);
    }
  }
  return stored;
}

async function imageOf(path: string, vector: HashVector, stored: ReadonlyMap<string, StoredFile>): Promise<Image> {
  const [top, ...backing] = (vector.identity?.chain ?? []).map(filesOf);
  const files = [...(top ?? []), ...backing.flat()];
  const isKnown = files.length > 0 && files.every((file) => stored.has(fileKeyOf(file)));
  const resolved = String(await realPath(path).catch(() => path));
  return { path, realPath: resolved, vector, files, own: top?.length ?? 0, isKnown };
}

function filesOf({ parts }: Link): FileStamp[] {
  return parts.filter((part) => part.kind === 'file');
}

/** The space of images on disk. */
class Space {
  readonly #images: readonly Image[];
  readonly #files: readonly StoredFile[];
  /** The index of each file whose storage is known, by its key. */
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #parts: readonly SpaceOfFiles[];
  readonly #attributed: readonly number[];

  constructor(images: readonly Image[], stored: ReadonlyMap<string, StoredFile>) {
    this.#images = images;
    this.#files = [...stored.values()];
    this.#numbers = new Map([...stored.keys()].map((key, index) => [key, index]));
    this.#parts = spaceOfFiles(this.#files);
    const users = this.#files.map(() => new Set<number>());
    for (const [image, { files }] of images.entries()) {
      for (const number of this.#numbersOf(files)) {
        users[number]!.add(image);
      }
    }
    this.#attributed = attributedBytes(this.#parts, images.length, (file) => [...users[file]!]);
  }

  /** The bytes of all files, each range once. */
  get stored(): number {
    return this.#parts.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  of(index: number): ImageSpace {
    const { path, vector, files, own, isKnown } = this.#images[index]!;
    const numbers = this.#numbersOf(files.slice(0, own));
    const occupied = this.#parts.filter((part) => part.files.some((file) => numbers.includes(file)));
    return {
      path,
      virtualSize: vector.virtualSize,
      data: Math.min(vector.virtualSize, vector.dataBlocks * vector.blockSize),
      ...(isKnown && {
        stored: occupied.reduce((sum, { bytes }) => sum + bytes, 0),
        reclaimable: this.freedBy(new Set([index])),
        attributed: this.#attributed[index]!,
      }),
      neededBy: this.dependantsOf(index).map((other) => this.#images[other]!.path),
    };
  }

  /** Returns the bytes that deleting the own files of some images frees; a file is freed with its last name. */
  freedBy(images: ReadonlySet<number>): FreedBytes {
    return freedBytes(this.#parts, new Set([...this.#files.keys()].filter((file) => this.#isFreed(file, images))));
  }

  /**
   * Returns the images that have an own file of this image as a backing file.
   *
   * @param deleted with these images deleted, so without them, and without images whose backing file keeps another name
   */
  dependantsOf(index: number, deleted?: ReadonlySet<number>): number[] {
    const { files, own } = this.#images[index]!;
    const keys = new Set(files.slice(0, own).map(fileKeyOf));
    return this.#images.flatMap((image, other) => {
      const backing = image.files.slice(image.own).find((file) => keys.has(fileKeyOf(file)));
      if (other === index || backing === undefined) {
        return [];
      }
      const number = this.#numbers.get(fileKeyOf(backing));
      const isKept = deleted !== undefined && number !== undefined && !this.#isFreed(number, deleted);
      return deleted?.has(other) || isKept ? [] : [other];
    });
  }

  /** Returns whether every name of a file belongs to images that are deleted. */
  #isFreed(file: number, deleted: ReadonlySet<number>): boolean {
    const owners = this.#images.flatMap(({ files, own }, image) =>
      this.#numbersOf(files.slice(0, own)).includes(file) ? [image] : [],
    );
    const names = new Set(owners.map((image) => this.#images[image]!.realPath));
    return owners.length > 0 && owners.every((image) => deleted.has(image)) && names.size >= this.#files[file]!.names;
  }

  #numbersOf(files: readonly FileStamp[]): number[] {
    return files.flatMap((file) => this.#numbers.get(fileKeyOf(file)) ?? []);
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
    const indicesOf = (isMeant: (image: Image) => boolean): number[] =>
      images.flatMap((image, index) => (isMeant(image) ? [index] : []));
    const named = indicesOf((image) => image.path === path || image.realPath === target);
    // The path can also be that of an archive with several images, or of one of an image's several files.
    const found =
      named.length > 0
        ? named
        : indicesOf(({ files, own }) => files.slice(0, own).some((file) => file.path === target));
    if (found.length === 0) {
      throw new VirtSimilarityError(
        'usage',
        `--delete ${path}: it is not among the images that were hashed; name it as an image too`,
      );
    }
    for (const number of found) {
      numbers.add(number);
    }
  }
  return numbers;
}

function freedText({ atLeast, atMost }: FreedBytes): string {
  return atLeast === atMost
    ? sizeText(atLeast)
    : `${sizeText(atLeast)} to ${sizeText(atMost)}, depending on whether other files share the storage`;
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
      image.reclaimable === undefined ? '-' : reclaimableText(image.reclaimable),
      size(image.attributed),
      image.neededBy.join(', '),
    ]),
    ['total', '', '', size(stored), '', size(stored), ''],
  ];
}

function reclaimableText({ atLeast, atMost }: FreedBytes): string {
  return atLeast === atMost ? sizeText(atLeast) : `${sizeText(atLeast)} to ${sizeText(atMost)}`;
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
