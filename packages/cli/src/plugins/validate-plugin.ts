import type { Plugin } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { didYouMean } from '../suggestion.js';

const KINDS = ['readers', 'hashers', 'metrics', 'clusterers', 'reporters'] as const;
const KNOWN = ['name', 'url', ...KINDS] as const;

/**
 * What a module exports by default, as a plugin; with the module's own URL where it does not say one.
 * Throws `usage` when that is no plugin, telling what was found.
 */
export function validatePlugin(exported: unknown, url: string, specifier: string): Plugin {
  const refuse = (expected: string, found: string): never => {
    throw new VirtSimilarityError('usage', `--plugin ${specifier}: expected ${expected}, found ${found}`);
  };
  if (typeof exported !== 'object' || exported === null) {
    return refuse('a default export { name, reporters: […] }', `${nameKind(exported)} as default export`);
  }
  const plugin = exported as Record<string, unknown>;
  if (typeof plugin.name !== 'string' || plugin.name === '') {
    refuse('a name in the default export', nameKind(plugin.name));
  }
  if (plugin.url !== undefined && typeof plugin.url !== 'string') {
    refuse('url to be import.meta.url', nameKind(plugin.url));
  }
  for (const kind of KINDS) {
    const classes = plugin[kind] ?? [];
    if (!Array.isArray(classes)) {
      refuse(`an array of classes in ${kind}`, nameKind(classes));
    }
    const other = (classes as unknown[]).find((entry) => typeof entry !== 'function');
    if (other !== undefined) {
      refuse(`classes in ${kind}`, nameKind(other));
    }
  }
  if (KINDS.every((kind) => plugin[kind] === undefined)) {
    refuse(`at least one of ${KINDS.join(', ')}`, Object.keys(plugin).join(', '));
  }
  const [misspelt, meant] = misspeltKind(Object.keys(plugin));
  if (misspelt !== undefined) {
    refuse(`lists of ${KINDS.join(', ')}`, `${misspelt}, which would be left out${meant}`);
  }
  return { url, ...(exported as Plugin) };
}

/** A key that was probably meant to be a list of parts, and what it should be. Other keys are the plugin's own. */
function misspeltKind(keys: readonly string[]): readonly [key?: string, meant?: string] {
  for (const key of keys.filter((key) => !(KNOWN as readonly string[]).includes(key))) {
    const meant = didYouMean(key, KINDS);
    if (meant !== '') {
      return [key, meant];
    }
  }
  return [];
}

function nameKind(value: unknown): string {
  if (value === undefined) {
    return 'none';
  }
  if (value === null) {
    return 'null';
  }
  return Array.isArray(value) ? 'an array' : `${/^[aeiou]/.test(typeof value) ? 'an' : 'a'} ${typeof value}`;
}
