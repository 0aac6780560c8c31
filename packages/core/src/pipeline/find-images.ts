import { basename, dirname } from 'node:path';
import type { DiskSource } from '../contracts/disk-reader.js';
import type { ImageSource, ListedImage, ListOptions, NamedImages } from '../contracts/image-source.js';
import type { NamedPart } from '../contracts/plugin.js';
import type { FoundImages } from '../contracts/stages.js';
import { brokenContract, excerptOf, pluginError, VirtSimilarityError } from '../errors.js';
import { CallbackError, callBack } from '../execution/call-back.js';
import { kindAt } from '../files/directory-entries.js';
import { RealPaths } from '../files/real-paths.js';

/** The source of what has no source's name before it. */
export const FILES = 'files';

/** Neighbouring words for one source. */
interface Group {
  readonly source: NamedPart<ImageSource>;
  readonly named: NamedImages[];
}

/** An image that a source listed. */
interface Candidate {
  readonly image: ListedImage;
  /** Its path without symbolic links; absent if it cannot be resolved. */
  readonly real?: string | undefined;
  /** The directory in which it was named or listed, without symbolic links; absent if there is none. */
  readonly directory?: string | undefined;
}

/**
 * The images that the sources list. Each file is taken once, however often it is named in one directory; hard links, and links
 * in other directories, are images of their own, since relative names in an image count from its directory.
 *
 * @param sourceOf the source of that name, if there is one
 * @throws what the sources throw, and `usage` if a file is named in two formats, or two images have one label.
 */
export async function findImages(
  images: readonly (string | DiskSource)[],
  sourceOf: (name: string) => ImageSource | undefined,
  options: ListOptions,
): Promise<FoundImages> {
  const realPaths = new RealPaths();
  const taken = new Map<string, DiskSource>();
  const directories = new Set<string>();
  const failures = new Map<string, VirtSimilarityError>();
  for (const group of groupsOf(images, sourceOf)) {
    for await (const listed of listedBy(group, options)) {
      const { image, real, directory } = await candidateOf(listed, realPaths);
      const { failure, ...found } = image;
      const { path } = found;
      // A link in another directory is another image: relative names in it count from there.
      const key = real === undefined ? path : `${real}\0${directory}`;
      const earlier = taken.get(key);
      if (earlier !== undefined) {
        taken.set(key, moreSpecific(earlier, found));
        options.onNote('warning', duplicateNote(path, earlier.path));
        continue;
      }
      taken.set(key, found);
      if (failure !== undefined) {
        failures.set(path, failure);
      } else if (directory !== undefined) {
        directories.add(directory);
      }
    }
  }
  const sources = [...taken.values()];
  requireOwnLabels(sources);
  return { sources, directories: [...directories], failures };
}

/** The source of a word and what it knows the images by; nothing where no source has the name before the colon. */
export function sourceNameOf(word: string, isSource: (name: string) => boolean): string | undefined {
  const [, name] = /^([^/:]+):/.exec(word) ?? [];
  return name !== undefined && name !== FILES && isSource(name) ? name : undefined;
}

function groupsOf(
  images: readonly (string | DiskSource)[],
  sourceOf: (name: string) => ImageSource | undefined,
): readonly Group[] {
  const groups: Group[] = [];
  for (const given of images) {
    const { path, ...stated } = typeof given === 'string' ? { path: given } : given;
    const prefix = sourceNameOf(path, (name) => sourceOf(name) !== undefined);
    const name = prefix ?? FILES;
    const named = { word: prefix === undefined ? path : path.slice(prefix.length + 1), ...stated };
    const last = groups.at(-1);
    if (last?.source.name === name) {
      last.named.push(named);
    } else {
      groups.push({ source: { name, part: sourceOf(name)! }, named: [named] });
    }
  }
  return groups;
}

/**
 * What the source lists.
 *
 * @throws `plugin` where it throws, or lists what is no image, and what `onNote` throws.
 */
async function* listedBy(
  { source: { name, part }, named }: Group,
  { onNote, signal }: ListOptions,
): AsyncGenerator<ListedImage> {
  const note: ListOptions['onNote'] = (...given) => callBack(() => onNote(...given));
  try {
    for await (const image of part.list(named, { onNote: note, signal })) {
      requireTexts(name, image);
      yield image;
    }
  } catch (thrown) {
    throw thrown instanceof CallbackError ? thrown.thrown : pluginError(name, 'the source failed', thrown);
  }
}

function requireTexts(source: string, image: ListedImage): void {
  if (typeof image?.path !== 'string' || image.path === '') {
    throw brokenContract(source, 'images with a path', excerptOf(image?.path ?? image), 'source');
  }
  for (const key of ['format', 'label'] as const) {
    const value: unknown = image[key];
    if (value === undefined || (typeof value === 'string' && value !== '')) {
      continue;
    }
    throw brokenContract(source, `images whose ${key} is a text`, excerptOf(value), 'source');
  }
}

async function candidateOf(image: ListedImage, realPaths: RealPaths): Promise<Candidate> {
  if (image.failure !== undefined) {
    return { image };
  }
  const { path, noFollow } = image;
  const directory = await realPaths.ofDirectory(dirname(path)).catch(() => undefined);
  if (noFollow && directory !== undefined) {
    return { image, real: `${directory}/${basename(path)}`, directory };
  }
  const kind = await kindAt(path);
  const real = kind && (await realPaths.of(path, kind).catch(() => undefined));
  return real === undefined ? { image } : { image, real, directory };
}

function requireOwnLabels(sources: readonly DiskSource[]): void {
  const paths = new Map<string, string>();
  for (const { path, label } of sources) {
    if (label === undefined) {
      continue;
    }
    const other = paths.get(label);
    if (other !== undefined) {
      const problem = `${other} and ${path} have one label, ${label}`;
      throw new VirtSimilarityError('usage', `${problem}; give each image its own`, { image: path });
    }
    paths.set(label, path);
  }
}

/**
 * Which of two sources of one file to take: the first, but a file's own format before that of the directory that it was
 * listed in.
 *
 * @throws `usage` where the file itself is named in two formats: only one of them could be obeyed.
 */
function moreSpecific(earlier: DiskSource, source: DiskSource): DiskSource {
  if (earlier.format === source.format || source.noFollow) {
    return earlier;
  }
  if (earlier.noFollow) {
    const { format: _, ...listed } = earlier;
    return source.format === undefined ? listed : { ...listed, format: source.format };
  }
  const [first, second] = [earlier, source].map(({ format }) => format ?? 'no format');
  const found = `${source.path} is named with ${first} and with ${second}`;
  throw new VirtSimilarityError('usage', `${found}; name it once`, { image: source.path });
}

function duplicateNote(path: string, earlier: string): string {
  const found = earlier === path ? `${path} is named twice` : `${path} and ${earlier} are the same file`;
  return `${found}; it is compared once, as ${earlier}`;
}
