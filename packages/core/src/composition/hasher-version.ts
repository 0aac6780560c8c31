import { createHash } from 'node:crypto';
import type { BlockHasher } from '../contracts/block-hasher.js';
import type { OptionValue } from '../contracts/options.js';
import type { PartProvider } from '../contracts/plugin.js';
import { readModuleFile } from '../files/module-file.js';
import { isVersion } from '../vectors/check-header.js';
import { isConstructor, isFactory } from './part-kinds.js';
import type { RegisteredPlugin } from './registered-plugin.js';

/** Number of hexadecimal digits of a digest in a version: 128 bits. */
const DIGITS = 32;

/**
 * Returns the version that hash vectors record for a hasher: the hasher's own version, which can be invalid, or else a
 * digest of the modules of `plugins` and of the hasher's class. Returns `undefined` if the hasher has no version and a
 * module cannot be read. If options of `plugins` differ from their defaults, returns a digest of the version and of
 * these options, because the digests of blocks can depend on them.
 *
 * @param plugins the hasher's plugin, and those of the parts that are injected into it
 */
export function hasherVersionOf(
  hasher: BlockHasher,
  provider: PartProvider<BlockHasher>,
  plugins: readonly RegisteredPlugin[],
): string | undefined {
  const version = hasher.version ?? moduleVersionOf(provider, plugins);
  const options = plugins.map(chosenOptions);
  if (options.every((chosen) => chosen.length === 0) || !isVersion(version)) {
    return version;
  }
  return `configured-sha256:${digestOf([version, JSON.stringify(options)])}`;
}

/**
 * Returns only the options that differ from their defaults, so that adding an option does not invalidate old vectors.
 */
function chosenOptions({ plugin, options }: RegisteredPlugin): readonly (readonly [string, OptionValue])[] {
  return Object.entries(options).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(plugin.options?.[name]?.default),
  );
}

function moduleVersionOf(
  provider: PartProvider<BlockHasher>,
  plugins: readonly RegisteredPlugin[],
): string | undefined {
  const codes = plugins.map(({ plugin }) => (plugin.url === undefined ? undefined : codeOf(plugin.url)));
  if (!codes.every((code) => code !== undefined)) {
    return undefined;
  }
  return `module-sha256:${digestOf([...codes, ...sourcesOf(provider)])}`;
}

function digestOf(texts: readonly string[]): string {
  const digest = createHash('sha256');
  texts.forEach((text, index) => void digest.update(index === 0 ? text : `\0${text}`));
  return digest.digest('hex').slice(0, DIGITS);
}

/**
 * Returns the code at a `file:` or `data:` URL with the URL's query and fragment, on which the exports of a module can
 * depend; `undefined` for other URLs, or if the code cannot be read.
 */
function codeOf(url: string): string | undefined {
  try {
    const location = new URL(url);
    const { protocol, search, hash } = location;
    if (protocol === 'data:') {
      return url;
    }
    return protocol === 'file:' ? `${search}${hash}\0${readModuleFile(location)}` : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Yields the source of a factory's `create`, of an object's `hash`, or of a class and its base classes, which can be in
 * other modules.
 */
function* sourcesOf(provider: PartProvider<BlockHasher>): Generator<string> {
  if (isFactory(provider)) {
    yield String(provider.create);
  } else if (isConstructor(provider)) {
    for (let each: unknown = provider; typeof each === 'function' && each !== Function.prototype; ) {
      yield String(each);
      each = Object.getPrototypeOf(each);
    }
  } else {
    yield String(provider.hash);
  }
}
