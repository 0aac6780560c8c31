import { createHash } from 'node:crypto';
import type { BlockHasher } from '../contracts/block-hasher.js';
import type { OptionValue } from '../contracts/options.js';
import type { PartProvider } from '../contracts/plugin.js';
import { readModuleFile } from '../files/module-file.js';
import { isVersion } from '../vectors/check-header.js';
import { isConstructor, isFactory } from './part-kinds.js';
import type { RegisteredPlugin } from './registered-plugin.js';

/** Hexadecimal digits of the digests that versions contain: 128 bits. */
const DIGITS = 32;

/**
 * The version that hash vectors record for a hasher: its own, or one made from the code of the modules it comes from.
 * Nothing where the hasher states none and a module cannot be read. Options that differ from their
 * defaults are part of it, as digests may depend on them.
 *
 * @param plugins the hasher's plugin, and those of parts that are injected into it
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

/** The options that differ from their defaults: a new option that nobody uses keeps the vectors valid. */
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

/** The code at a URL, with the URL's query and fragment, by which a module may choose what it exports. */
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

/** The source of a factory or a method, or of a class and of those that it extends: they may be in other modules. */
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
