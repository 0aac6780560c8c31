import type { DiskSource } from '../contracts/disk-reader.js';
import type { HashVector, HashVectorHeader } from '../contracts/hash-vector.js';
import type { FoundImages, HashOptions } from '../contracts/stages.js';
import { type OptionReference, throwIfAborted, VirtSimilarityError, type Wording, wording } from '../errors.js';
import { concurrently } from '../execution/concurrently.js';
import type { CompleteOptions } from '../execution/options.js';
import { isNamedAsVector } from '../vectors/named-as-vector.js';
import { openHashVector } from '../vectors/read-hash-vector.js';

/** The most hash-vector files that are opened at the same time. */
const OPENED_AT_ONCE = 16;
/** The most files of one kind that an error names; the error counts the others. */
const NAMED_FILES = 3;
/** The most kinds of files that an error names; the error counts the others. */
const NAMED_KINDS = 4;

const OPTIONS = ['hasher', 'blockSize'] as const;

/** The hasher and block size of a run. */
type HashParameters = Pick<CompleteOptions, (typeof OPTIONS)[number]>;
/** The hasher and block size that the caller states. */
type Stated = Pick<HashOptions, (typeof OPTIONS)[number]>;

/** Hash-vector files of one hasher and block size. */
interface Kind extends HashParameters {
  readonly paths: string[];
}

/**
 * Opens the hash-vector files among the images. Returns them by path, in the order of the images. Omits files that
 * have already failed, and files that cannot be opened: the latter fail when they are read.
 *
 * @throws `aborted`.
 */
export async function openVectors(
  { sources, failures }: FoundImages,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, HashVector>> {
  const vectors = sources.filter((source) => isNamedAsVector(source) && !failures.has(source.path));
  // Without the signal of `concurrently`, which fires at the end and would then end the reading of rows.
  const open = async ({ path, noFollow }: DiskSource) => ({
    path,
    vector: await openHashVector(path, { noFollow }).catch(() => undefined),
  });
  const opened = new Map<string, HashVector | undefined>();
  for await (const { path, vector } of concurrently(vectors, OPENED_AT_ONCE, open)) {
    throwIfAborted(signal);
    opened.set(path, vector);
  }
  return new Map(
    vectors.flatMap(({ path }): [string, HashVector][] => {
      const vector = opened.get(path);
      return vector === undefined ? [] : [[path, vector]];
    }),
  );
}

/**
 * Returns the hasher and block size of a run: those of the hash vectors among the images; if there are none, those of
 * the last parameter, which are the stated values or the defaults.
 *
 * @param headers the headers of the hash vectors among the images, by path
 * @param stated only the values that the caller states
 * @throws `usage` if the hash vectors differ from each other or from the stated values. The message names the files.
 */
export function hashParametersOf(
  headers: ReadonlyMap<string, HashVectorHeader>,
  stated: Stated,
  { hasher, blockSize }: HashParameters,
): HashParameters {
  const kinds = kindsOf(headers);
  const [first] = kinds;
  if (first === undefined) {
    return { hasher, blockSize };
  }
  if (kinds.length > 1) {
    throw new VirtSimilarityError(
      'usage',
      `expected hash vectors of one hasher and block size, found ${listed(kinds)}; ` +
        'analyze those of each kind separately, or hash their images again',
    );
  }
  const found = { hasher: first.hasher, blockSize: first.blockSize };
  const wrong = OPTIONS.filter((name) => stated[name] !== undefined && stated[name] !== found[name]);
  if (wrong.length > 0) {
    const given = wording`${optionsOf(wrong, stated)} does not fit the hash vectors: found ${listed([first])}`;
    const remedy = wording`pass ${optionsOf(wrong, found)}, or hash their images again`;
    throw new VirtSimilarityError('usage', wording`${given}; ${remedy}`);
  }
  return found;
}

/** Groups the files by kind, in the order of the first file of each kind. */
function kindsOf(headers: ReadonlyMap<string, HashVectorHeader>): readonly Kind[] {
  const kinds = new Map<string, Kind>();
  for (const [path, { algorithm: hasher, blockSize }] of headers) {
    const key = `${blockSize} ${hasher}`;
    const kind = kinds.get(key) ?? { hasher, blockSize, paths: [] };
    kind.paths.push(path);
    kinds.set(key, kind);
  }
  return [...kinds.values()];
}

/** Returns the options with their values, separated by spaces. */
function optionsOf(names: readonly (typeof OPTIONS)[number][], values: Stated): Wording {
  return names.flatMap((option, index): (string | OptionReference)[] => [
    ...(index === 0 ? [] : [' ']),
    { option, value: values[option] },
  ]);
}

function listed(kinds: readonly Kind[]): string {
  const texts = kinds
    .slice(0, NAMED_KINDS)
    .map(({ hasher, blockSize, paths }) => `${hasher} digests of ${blockSize}-byte blocks in ${filesText(paths)}`);
  const others = kinds.length - texts.length;
  return [...texts, ...(others === 0 ? [] : [`${others} other kinds in ${counted(kinds.slice(NAMED_KINDS))}`])].join(
    ', and ',
  );
}

function filesText(paths: readonly string[]): string {
  const named = paths.slice(0, NAMED_FILES).join(', ');
  const others = paths.length - NAMED_FILES;
  return others > 0 ? `${named} and ${others} more` : named;
}

function counted(kinds: readonly Kind[]): string {
  return `${kinds.reduce((sum, { paths }) => sum + paths.length, 0)} files`;
}
