import type { Analyzer, CacheEntry, Encryption, ImageIdentity } from '@virt-similarity/core';
import { shellOperand } from '@virt-similarity/core/shell';
import { EXIT_DONE, exitCodeOf } from '../exit-codes.js';
import { CACHE_OPTIONS } from '../options/option-table.js';
import { table } from '../output/table.js';
import { formatBytes, formatCount } from '../terminal/quantities.js';
import type { BuiltInCommand } from './built-in-command.js';

const ACTIONS = ['list', 'verify', 'prune'] as const;

/**
 * Lists, verifies or prunes the cache. A cache that does not exist counts as empty, with a note.
 * `verify` exits with the code for corrupt files if an entry is damaged.
 */
export const cache: BuiltInCommand<typeof CACHE_OPTIONS> = {
  name: 'cache',
  summary: 'list, verify or prune the cache of hash vectors',
  usage: `[options] ${ACTIONS.join('|')}`,
  description:
    'list: list the entries of the cache. verify: read every entry in full and fail if one is damaged. ' +
    'prune: delete outdated and damaged entries, and those of images that have changed or no longer exist.',
  examples: [
    ['virt-similarity cache list', 'list the cached hash vectors'],
    ['virt-similarity cache verify', 'find damaged entries'],
    ['virt-similarity cache prune', 'delete entries that no run will use again'],
  ],
  options: CACHE_OPTIONS,
  operands: { min: 1, max: 1, values: ACTIONS },
  async run({ analyzer, messages, operands, options: { cache: directory }, signal, write }) {
    const { HashVectorCache, encryptionOf } = await import('@virt-similarity/core');
    const action = operands[0] as (typeof ACTIONS)[number];
    const vectors = new HashVectorCache(directory, (message, wording = message) => messages.warning(wording));
    const entries = await vectors[action]({ signal, hasherVersions: versionsOf(await analyzer()) });
    if (entries.length === 0 && !(await vectors.exists())) {
      messages.note(`there is no cache ${directory}; a run creates it, or name another one with --cache`);
      return EXIT_DONE;
    }
    if (entries.length > 0) {
      await write(
        table([
          ['STATE', 'SIZE', 'HASH', 'BLOCK', 'READ AS', 'IMAGE'],
          ...entries.map((entry) => describe(entry, encryptionOf)),
        ]),
      );
    }
    const bytes = formatBytes(entries.reduce((sum, entry) => sum + entry.bytes, 0));
    const where = action === 'prune' ? 'deleted from' : 'in';
    messages.note(`${formatCount(entries.length, 'hash vector')} (${bytes}) ${where} ${directory}`);
    const damaged = entries.filter(({ state }) => state === 'bad').length;
    if (action === 'prune' || damaged === 0) {
      return EXIT_DONE;
    }
    const prune = `virt-similarity cache prune --cache ${shellOperand(directory)}`;
    messages.warning(
      `${formatCount(damaged, 'hash vector')} cannot be used; delete damaged entries with ${prune}, or analyse the images again`,
    );
    return action === 'verify' ? exitCodeOf('corrupt') : EXIT_DONE;
  },
};

/** Returns the versions of the registered hashers by name, without the hashers that have no version. */
function versionsOf(analyzer: Analyzer): ReadonlyMap<string, string> {
  const hashers = analyzer.registrations.filter(({ kind }) => kind === 'hasher');
  return new Map(
    hashers.flatMap(({ name }) => {
      const version = analyzer.hasherVersion(name);
      return version === undefined ? [] : [[name, version]];
    }),
  );
}

/** Returns the cells of an entry's row. */
function describe(entry: CacheEntry, encryptionOf: (identity: ImageIdentity) => Encryption | undefined): string[] {
  if (entry.state === 'bad') {
    return [entry.state, formatBytes(entry.bytes), '-', '-', '-', entry.problem];
  }
  const { algorithm, blockSize, name, identity } = entry.header;
  const read = identity && encryptionOf(identity);
  const isPartial = read === 'ciphertext' && identity?.chain.some(({ encryption }) => encryption === 'decrypted');
  const readAs = isPartial ? 'partly decrypted' : (read ?? '-');
  return [entry.state, formatBytes(entry.bytes), algorithm, formatBytes(blockSize), readAs, name];
}
