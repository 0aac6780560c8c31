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
import { contentCounts } from './content-counts.js';
import { SpaceOfImages, type StoredImage } from './image-space.js';
import { contentRows, freedText, imageRows, storeRows } from './stats-tables.js';
import { type StoredFile, storageOf } from './stored-ranges.js';
import { storeEstimates } from './stores.js';

/** The exit code if some images could not be hashed, or it is not known what they occupy. The others were counted. */
const EXIT_PARTIAL = 3;

/** @throws the error of the first image if all failed; `usage` if `--delete` names no image; as `contentCounts`. */
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
  const space = new SpaceOfImages(images, stored);
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
    const { atLeast, atMost } = result.freed;
    const reason = atLeast === atMost ? '' : ', depending on whether files that are not named share the storage';
    messages.note(`deleting ${what} frees ${freedText(result.freed)}${reason}`);
  }
  return firstFailure === undefined && images.every(({ isKnown }) => isKnown) ? 0 : EXIT_PARTIAL;
}

function isSameImage(one: HashVector, other: HashVector): boolean {
  return one.identity !== undefined && other.identity !== undefined && sameIdentity(one.identity, other.identity);
}

/** Returns the vectors of the images, those of hard links to the same files only once. */
function differentVectors(images: readonly StoredImage[]): HashVector[] {
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

async function imageOf(
  path: string,
  vector: HashVector,
  stored: ReadonlyMap<string, StoredFile>,
): Promise<StoredImage> {
  const [top, ...backing] = (vector.identity?.chain ?? []).map(filesOf);
  const files = [...(top ?? []), ...backing.flat()];
  const isKnown = files.length > 0 && files.every((file) => stored.has(fileKeyOf(file)));
  const resolved = String(await realPath(path).catch(() => path));
  return { path, realPath: resolved, vector, files, own: top?.length ?? 0, isKnown };
}

function filesOf({ parts }: Link): FileStamp[] {
  return parts.filter((part) => part.kind === 'file');
}

/**
 * Returns the indices of the images with these paths.
 *
 * @throws `usage` if a path is not among the images.
 */
async function numbersOf(paths: readonly string[], images: readonly StoredImage[]): Promise<Set<number>> {
  const numbers = new Set<number>();
  for (const path of paths) {
    const target = await realPath(path).catch(() => path);
    const indicesOf = (isMeant: (image: StoredImage) => boolean): number[] =>
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
