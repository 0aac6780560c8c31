import { stat } from 'node:fs/promises';
import { type Analyzer, type DiskSource, type FoundImages, sourceNameOf, systemPath } from '@virt-similarity/core';
import { didYouMean, VirtSimilarityError } from '@virt-similarity/core/errors';
import type { OwnContext } from './own-command.js';

/**
 * The images that were named, directories replaced by what is in them.
 *
 * @throws `usage` where nothing was named, a mistyped command is taken for an image, or no reader knows a format.
 */
export async function findSources(
  named: readonly DiskSource[],
  analyzer: Analyzer,
  { commandNames, messages, signal }: Pick<OwnContext, 'commandNames' | 'messages' | 'signal'>,
): Promise<FoundImages> {
  await requireImages(named, analyzer, commandNames);
  return analyzer.findImages(named, {
    onNote: (level, message, wording = message) => messages[level](wording),
    signal,
  });
}

async function requireImages(
  [first, second]: readonly DiskSource[],
  analyzer: Analyzer,
  commandNames: readonly string[],
): Promise<void> {
  if (first === undefined) {
    throw new VirtSimilarityError('usage', 'expected disk images, found none; name them, or see --help');
  }
  const sources = analyzer.registrations.flatMap(({ kind, name }) => (kind === 'source' ? name : []));
  if (sourceNameOf(first.path, sources) !== undefined || (await exists(first.path))) {
    return;
  }
  const suggestion = didYouMean(first.path, commandNames);
  if (suggestion !== '') {
    throw new VirtSimilarityError('usage', `expected disk images or a command, found '${first.path}'${suggestion}`);
  }
  if (second === undefined) {
    throw new VirtSimilarityError('unreadable', `cannot open ${first.path}: there is no such file; check its name`);
  }
}

/** What cannot be examined for another reason is there: its reader says what is wrong with it. */
function exists(path: string): Promise<boolean> {
  return stat(systemPath(path)).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}
