import { type Analyzer, type CacheEntry, HashVectorCache } from '@virt-similarity/core';
import { didYouMean, VirtSimilarityError } from '@virt-similarity/core/errors';
import { CACHE_ACTIONS } from '../arguments/commands.js';
import { CACHE_SETTINGS, parseSettings } from '../arguments/settings.js';
import { EXIT_DONE, exitCodeOf } from '../exit-codes.js';
import { table } from '../output/table.js';
import { writeStdout } from '../output/write-stdout.js';
import { formatBytes, formatCount } from '../terminal/quantities.js';
import type { CommandContext } from './command-context.js';

/**
 * Lists, verifies or prunes the cache. A cache that is not there is empty.
 * `verify` exits with the code for corrupt files where an entry is damaged.
 */
export async function cache(context: CommandContext): Promise<number> {
  const { messages, operands, signal } = context;
  const { cache: directory } = parseSettings(CACHE_SETTINGS, context.options);
  const action = actionNamed(operands);
  const vectors = new HashVectorCache(directory, (message) => messages.warning(message));
  const entries = await vectors[action]({ signal, hasherVersions: versionsOf(await context.analyzer()) });
  if (entries.length > 0) {
    await writeStdout(table([['STATE', 'SIZE', 'HASH', 'BLOCK', 'IMAGE'], ...entries.map(describe)]));
  }
  const bytes = formatBytes(entries.reduce((sum, entry) => sum + entry.bytes, 0));
  const where = action === 'prune' ? 'deleted from' : 'in';
  messages.note(`${formatCount(entries.length, 'hash vector')} (${bytes}) ${where} ${directory}`);
  const isDamaged = entries.some(({ state }) => state === 'bad');
  return action === 'verify' && isDamaged ? exitCodeOf('corrupt') : EXIT_DONE;
}

/** The versions of the hashers that are registered. */
function versionsOf(analyzer: Analyzer): ReadonlyMap<string, string> {
  const hashers = analyzer.registrations.filter(({ kind }) => kind === 'hasher');
  return new Map(
    hashers.flatMap(({ name }) => {
      const version = analyzer.hasherVersion(name);
      return version === undefined ? [] : [[name, version]];
    }),
  );
}

function actionNamed([word, ...others]: readonly string[]): (typeof CACHE_ACTIONS)[number] {
  const action = CACHE_ACTIONS.find((name) => name === word);
  if (action === undefined || others.length > 0) {
    const found = word === undefined ? 'nothing' : `'${[word, ...others].join(' ')}'`;
    throw new VirtSimilarityError(
      'usage',
      `cache: expected one of ${CACHE_ACTIONS.join(', ')}; found ${found}${didYouMean(word ?? '', CACHE_ACTIONS)}`,
    );
  }
  return action;
}

function describe(entry: CacheEntry): string[] {
  if (entry.state === 'bad') {
    return [entry.state, formatBytes(entry.bytes), '-', '-', `${entry.path}: ${entry.problem}`];
  }
  const { algorithm, blockSize, name } = entry.header;
  return [entry.state, formatBytes(entry.bytes), algorithm, formatBytes(blockSize), name];
}
