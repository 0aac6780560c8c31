import { stat } from 'node:fs/promises';
import { type Analyzer, type DiskSource, type FoundImages, systemPath, VECTOR_FORMAT } from '@virt-similarity/core';
import { didYouMean, VirtSimilarityError } from '@virt-similarity/core/errors';
import readers, { FORMAT_NAMES } from '@virt-similarity/readers';
import { checkFormats } from '../arguments/check-formats.js';
import type { OwnContext } from './own-command.js';

/**
 * The images that were named, directories replaced by what is in them.
 * Throws `usage` where nothing was named, a mistyped command is taken for an image, or no reader knows a format.
 */
export async function findSources(
  named: readonly DiskSource[],
  analyzer: Analyzer,
  { commandNames, messages, signal }: Pick<OwnContext, 'commandNames' | 'messages' | 'signal'>,
): Promise<FoundImages> {
  await requireImages(named, commandNames);
  // Of a plugin's readers it is not known which formats they read: they say so themselves, image by image.
  const isOwn = analyzer.registrations.every(({ kind, plugin }) => kind !== 'reader' || plugin === readers.name);
  if (isOwn) {
    checkFormats(named, [...FORMAT_NAMES, VECTOR_FORMAT]);
  }
  return analyzer.findImages(named, { onNote: (level, message) => messages[level](message), signal });
}

async function requireImages([first, second]: readonly DiskSource[], commandNames: readonly string[]): Promise<void> {
  if (first === undefined) {
    throw new VirtSimilarityError('usage', 'expected disk images, found none; name them, or see --help');
  }
  if (await exists(first.path)) {
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
