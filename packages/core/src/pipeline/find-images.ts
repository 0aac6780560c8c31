import { basename, dirname, isAbsolute } from 'node:path';
import { CallbackError, callBack } from '../call-back.js';
import type { DiskSource } from '../contracts/disk-reader.js';
import type { ImageSource, ListedImage, ListOptions, NamedImages } from '../contracts/image-source.js';
import type { NamedPart } from '../contracts/plugin.js';
import type { FoundImages } from '../contracts/stages.js';
import { brokenContract, excerptOf, pluginError, throwIfAborted, VirtSimilarityError } from '../errors.js';
import { kindAt } from '../files/directory-entries.js';
import { RealPaths } from '../files/real-paths.js';
import { isNamedAsVector } from '../vectors/named-as-vector.js';
import { duplicateNote, merged } from './duplicate-images.js';

/** The source for words without a source's name. */
const FILES = 'files';
/** How a source's name ends if it is the beginning of a URL, as in `https://`. */
const URL_ENDING = '://';
/**
 * The most images whose paths are resolved at the same time: collecting hundreds of thousands of promises takes longer
 * than resolving the paths.
 */
const RESOLVED_AT_ONCE = 256;

/** The registered sources, including `files`. */
interface Sources {
  readonly names: readonly string[];
  /** Returns the source with this name. */
  readonly get: (name: string) => ImageSource;
}

/** Consecutive words for one source with the same stated format; a word with a label is a separate group. */
interface Group extends Omit<DiskSource, 'path'> {
  readonly source: NamedPart<ImageSource>;
  readonly named: NamedImages[];
}

/** An image that a source listed. */
interface Candidate {
  readonly image: DiskSource;
  readonly failure: VirtSimilarityError | undefined;
  /**
   * The path of the image with symbolic links resolved; for an image in an archive, only those in the path of the
   * archive. Absent if the path cannot be resolved.
   */
  readonly real?: string | undefined;
  /**
   * The directory in which the image was named or listed, symbolic links resolved; absent if the directory or the image
   * cannot be resolved.
   */
  readonly directory?: string | undefined;
  /**
   * The directories of the image and of its stated backing files, symbolic links resolved, without directories whose
   * path ends in a symbolic link of another user. Empty if the image cannot be resolved.
   */
  readonly allowed: readonly string[];
}

/**
 * Finds the images that the sources list. A file that is named repeatedly in one directory is included once. Symbolic
 * links in other directories are separate images, since relative names in an image refer to its directory. Hard links
 * are always separate images.
 *
 * @throws as `listedBy`; `usage` if a word is invalid, a source finds no image for consecutive words and nothing is excluded, a
 *   file is named with two formats or labels, or two images have the same label; and `aborted`.
 */
export async function findImages(
  images: readonly (string | DiskSource)[],
  registered: Sources,
  options: ListOptions,
): Promise<FoundImages> {
  const realPaths = new RealPaths();
  const candidates: Candidate[] = [];
  const resolving: Promise<Candidate>[] = [];
  for (const group of groupsOf(images, registered)) {
    throwIfAborted(options.signal);
    let found = 0;
    for await (const image of listedBy(group, options)) {
      resolving.push(candidateOf(asStated(image, group), realPaths));
      found++;
      if (resolving.length === RESOLVED_AT_ONCE) {
        candidates.push(...(await Promise.all(resolving.splice(0))));
      }
    }
    requireImages(group, found, options);
  }
  candidates.push(...(await Promise.all(resolving)));
  const taken = new Map<string, { readonly image: DiskSource; readonly file: string }>();
  const directories = new Set<string>();
  const failuresByFile = new Map<string, VirtSimilarityError>();
  const inUse = new Set<string>();
  for (const { image, failure, real, directory, allowed } of candidates) {
    const { path } = image;
    const file = real ?? path;
    if (failure !== undefined) {
      failuresByFile.set(file, failure);
    }
    if (image.inUse) {
      inUse.add(file);
    }
    for (const each of failure === undefined ? allowed : []) {
      directories.add(each);
    }
    // A link in another directory is another image: relative names in it refer to that directory.
    const key = real === undefined ? path : `${real}\0${directory}`;
    const earlier = taken.get(key)?.image;
    if (earlier !== undefined) {
      options.onNote('warning', duplicateNote(path, earlier.path));
    }
    taken.set(key, { image: earlier === undefined ? image : merged(earlier, image), file });
  }
  const found = [...taken.values()];
  // A file that a source reports as in use is in use under its other names too.
  const sources = found.map(({ image, file }) => (inUse.has(file) ? { ...image, inUse: true as const } : image));
  requireOwnLabels(sources);
  const failures = found.flatMap(({ image, file }): [string, VirtSimilarityError][] => {
    const failure = failuresByFile.get(file);
    return failure === undefined ? [] : [[image.path, failure]];
  });
  return { sources, directories: [...directories], failures: new Map(failures) };
}

/** Returns the source's name that a word begins with; `undefined` if the word is for the source `files`. */
export function sourceNameOf(word: string, names: readonly string[]): string | undefined {
  const [, name = FILES, slashes] = /^([^/:]+):(\/\/)?/.exec(word) ?? [];
  const candidates = [...(slashes === undefined ? [] : [`${name}${URL_ENDING}`]), ...(name === FILES ? [] : [name])];
  return candidates.find((candidate) => names.includes(candidate));
}

/** Returns a word without the source's name before it. */
function withoutName(word: string, name: string): string {
  return word.slice(name.endsWith(URL_ENDING) ? name.length : name.length + 1);
}

function groupsOf(images: readonly (string | DiskSource)[], { names, get: sourceOf }: Sources): readonly Group[] {
  const groups: Group[] = [];
  for (const given of images) {
    const { path, ...stated } = typeof given === 'string' ? { path: given } : given;
    const prefix = sourceNameOf(path, names);
    const name = prefix ?? FILES;
    const named = { word: prefix === undefined ? path : withoutName(path, prefix), ...stated };
    requireUsable(path, stated);
    const last = groups.at(-1);
    const isLike = last?.source.name === name && last.label === undefined && stated.label === undefined;
    if (isLike && last.format === stated.format) {
      last.named.push(named);
    } else {
      groups.push({ source: { name, part: sourceOf(name) }, named: [named], ...stated });
    }
  }
  return groups;
}

function requireUsable(path: string, { format, label }: Omit<DiskSource, 'path'>): void {
  for (const [member, value] of Object.entries({ path, format: format ?? 'raw', label: label ?? 'x' })) {
    if (typeof value !== 'string' || value === '' || value.includes('\0')) {
      throw new VirtSimilarityError(
        'usage',
        `expected the ${member} of an image to be a non-empty string without NUL, found ${excerptOf(value)}`,
      );
    }
  }
}

/**
 * Applies the format and label that the user stated for a word, which override those of the source. The source `files`
 * applies the format itself, and a hash vector keeps its format.
 */
function asStated(image: ListedImage, { source, format, label }: Group): ListedImage {
  const keepsFormat = source.name === FILES || isNamedAsVector(image);
  return { ...image, ...(format !== undefined && !keepsFormat && { format }), ...(label !== undefined && { label }) };
}

function requireImages(
  { source: { name }, named: [first], label }: Group,
  found: number,
  { exclude = [] }: ListOptions,
): void {
  if (found === 0 && exclude.length === 0) {
    throw new VirtSimilarityError('usage', `[${name}] found no image for ${first!.word}; check the name`);
  }
  if (label !== undefined && found > 1) {
    const problem = `expected one image for the label ${label}, found ${found} for ${first!.word}`;
    throw new VirtSimilarityError('usage', `${problem}; label each image separately`);
  }
}

/**
 * Yields the images that the source lists.
 *
 * @throws what the source throws, as `plugin` unless it is one of this project's errors; `plugin` if an image that it
 *   lists is invalid; and what `onNote` throws.
 */
async function* listedBy(
  { source: { name, part }, named }: Group,
  { onNote, ...others }: ListOptions,
): AsyncGenerator<ListedImage> {
  const note: ListOptions['onNote'] = (...given) => callBack(() => onNote(...given));
  try {
    for await (const image of part.list(named, { ...others, onNote: note })) {
      requireListedImage(name, image);
      yield image;
    }
  } catch (thrown) {
    throw thrown instanceof CallbackError ? thrown.thrown : pluginError(name, 'the source failed', thrown);
  }
}

function requireListedImage(source: string, image: ListedImage): void {
  if (typeof image?.path !== 'string' || image.path === '' || image.path.includes('\0')) {
    throw brokenContract(source, 'images with a path', excerptOf(image?.path ?? image), 'source');
  }
  for (const key of ['format', 'label'] as const) {
    const value: unknown = image[key];
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      throw brokenContract(source, `images whose ${key} is a non-empty string`, excerptOf(value), 'source');
    }
  }
  const { failure, backing = [] } = image;
  if (!Array.isArray(backing) || !backing.every((path) => typeof path === 'string' && isAbsolute(path))) {
    throw brokenContract(source, 'images whose backing is a list of absolute paths', excerptOf(backing), 'source');
  }
  if (failure !== undefined && !(failure instanceof VirtSimilarityError)) {
    throw brokenContract(source, 'images whose failure is a VirtSimilarityError', excerptOf(failure), 'source');
  }
}

/**
 * Reduces a listed image to the members of a `DiskSource`, because it becomes part of requests, and resolves its path.
 */
async function candidateOf(listed: ListedImage, realPaths: RealPaths): Promise<Candidate> {
  const { path, format, label, noFollow, inUse, archive, failure, backing = [] } = listed;
  const stated = { ...(format !== undefined && { format }), ...(label !== undefined && { label }) };
  const image: DiskSource = {
    path,
    ...stated,
    ...(noFollow && { noFollow: true }),
    ...(inUse && { inUse }),
    ...(archive !== undefined && { archive }),
  };
  const file = archive ?? path;
  const member = path.slice(file.length);
  const directory = await realPaths.ofDirectory(dirname(file)).catch(() => undefined);
  const owned = await Promise.all([file, ...backing].map((each) => realPaths.ofOwnDirectory(dirname(each))));
  const allowed = owned.filter((each) => each !== undefined);
  if (noFollow && directory !== undefined) {
    return { image, failure, real: `${directory}/${basename(file)}${member}`, directory, allowed };
  }
  const kind = await kindAt(file);
  const real = kind && (await realPaths.of(file, kind).catch(() => undefined));
  return real === undefined
    ? { image, failure, allowed: [] }
    : { image, failure, real: `${real}${member}`, directory, allowed };
}

function requireOwnLabels(sources: readonly DiskSource[]): void {
  const paths = new Map<string, string>();
  for (const { path, label } of sources) {
    if (label === undefined) {
      continue;
    }
    const other = paths.get(label);
    if (other !== undefined) {
      const problem = `${other} and ${path} have the same label, ${label}`;
      throw new VirtSimilarityError('usage', `${problem}; give each image its own label`, { image: path });
    }
    paths.set(label, path);
  }
}
