import type { Plugin } from '../contracts/plugin.js';
import { didYouMean, excerptOf, VirtSimilarityError } from '../errors.js';
import { areDeclarations } from './option-values.js';
import { contributedParts, PART_KIND_NAMES, PART_KINDS } from './part-kinds.js';

const LISTS = PART_KIND_NAMES.map((kind) => PART_KINDS[kind].list);
const MEMBERS = ['name', 'url', 'version', 'core', 'options', ...LISTS] as const;

/**
 * Requires that a value is a plugin. Returns the value.
 *
 * @param subject the beginning of messages, such as `--plugin ./mine.js`
 * @throws `usage` if the value is not a plugin or a member is invalid or probably misspelt. The message says what was
 *   expected and found.
 */
export function checkPlugin(value: unknown, subject: string): Plugin {
  const refuse = (expected: string, found: string): VirtSimilarityError =>
    new VirtSimilarityError('usage', `${subject}: expected ${expected}, found ${found}`);
  if (typeof value !== 'object' || value === null) {
    throw refuse('a plugin { name, reporters: { … } }', describe(value));
  }
  const plugin = value as Record<string, unknown>;
  if (plugin[Symbol.toStringTag as never] === 'Module') {
    throw refuse('the default export of a module', 'the module with all its exports; pass its default');
  }
  if (typeof plugin.name !== 'string' || plugin.name === '') {
    throw refuse('the plugin to have a name', describe(plugin.name));
  }
  for (const text of ['url', 'version', 'core']) {
    const found = plugin[text];
    if (found !== undefined && typeof found !== 'string') {
      throw refuse(`${text} of ${plugin.name} to be a string`, describe(found));
    }
  }
  if (plugin.options !== undefined && !areDeclarations(plugin.options)) {
    const example = "{ depth: { type: 'number', description: '…' } }";
    throw refuse(`options of ${plugin.name} to be declared by name, such as ${example}`, excerptOf(plugin.options));
  }
  requireKnownMembers(plugin, refuse);
  requireParts(plugin, refuse);
  return plugin as unknown as Plugin;
}

type Refuse = (expected: string, found: string) => VirtSimilarityError;

/**
 * Refuses an unknown member that resembles a known member, and a plugin without a list of parts. Ignores other unknown
 * members.
 */
function requireKnownMembers(plugin: Record<string, unknown>, refuse: Refuse): void {
  for (const member of Object.keys(plugin)) {
    if ((MEMBERS as readonly string[]).includes(member)) {
      continue;
    }
    const meant = didYouMean(member, MEMBERS);
    if (meant !== '') {
      throw refuse(`members ${MEMBERS.join(', ')}`, `${member}${meant}`);
    }
  }
  if (LISTS.every((list) => plugin[list] === undefined)) {
    throw refuse(`at least one of ${LISTS.join(', ')}`, Object.keys(plugin).join(', '));
  }
}

function requireParts(plugin: Record<string, unknown>, refuse: Refuse): void {
  for (const list of LISTS) {
    const found = plugin[list];
    if (found === undefined) {
      continue;
    }
    if (typeof found !== 'object' || found === null || Array.isArray(found)) {
      throw refuse(`${list} to be parts by name, such as { mine: MyPart }`, describe(found));
    }
  }
  for (const kind of PART_KIND_NAMES) {
    for (const [name, provider] of Object.entries(contributedParts(plugin as unknown as Plugin, kind))) {
      if (name === '') {
        throw refuse(`every ${kind} to have a name`, 'an empty one');
      }
      if (typeof provider === 'function' || (typeof provider === 'object' && provider !== null)) {
        continue;
      }
      throw refuse(`${kind} ${name} to be a class, a factory { create } or an object`, describe(provider));
    }
  }
}

function describe(value: unknown): string {
  if (value === undefined) {
    return 'none';
  }
  if (value === null) {
    return 'null';
  }
  if (Array.isArray(value)) {
    return 'an array';
  }
  return `${/^[aeiou]/.test(typeof value) ? 'an' : 'a'} ${typeof value}`;
}
