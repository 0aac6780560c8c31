import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BlockHasher } from '../contracts/block-hasher.js';
import type { Constructor } from '../contracts/plugin.js';

/** Hexadecimal digits of the digest that takes a version's place: 128 bits. */
const DIGITS = 32;

/**
 * The version that hash vectors record for a hasher: its own, or one made from the code of its module and class.
 * Nothing where the hasher states none and its module cannot be read: then nobody can say whether it is still the same.
 *
 * @param url where the hasher's plugin can be imported from
 */
export function hasherVersionOf(
  hasher: BlockHasher,
  hasherClass: Constructor<BlockHasher>,
  url: string | undefined,
): string | undefined {
  if (hasher.version !== undefined) return hasher.version;
  const code = url === undefined ? undefined : codeOf(url);
  if (code === undefined) return undefined;
  const digest = createHash('sha256').update(code);
  for (const source of sourcesOf(hasherClass)) digest.update('\0').update(source);
  return `module-sha256:${digest.digest('hex').slice(0, DIGITS)}`;
}

/** The code at a URL, with the URL's query and fragment, by which a module may choose what it exports. */
function codeOf(url: string): string | undefined {
  try {
    const { protocol, search, hash } = new URL(url);
    if (protocol === 'data:') return url;
    return protocol === 'file:' ? `${search}${hash}\0${readFileSync(fileURLToPath(url), 'utf8')}` : undefined;
  } catch {
    return undefined;
  }
}

/** The source of a class and of those that it extends: they may be in other modules. */
function* sourcesOf(hasherClass: unknown): Generator<string> {
  for (let each = hasherClass; typeof each === 'function' && each !== Function.prototype; ) {
    yield Function.prototype.toString.call(each);
    each = Object.getPrototypeOf(each);
  }
}
