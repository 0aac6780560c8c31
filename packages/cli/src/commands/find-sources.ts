import { stat } from 'node:fs/promises';
import {
  type Analyzer,
  archiveOf,
  type DiskSource,
  type FoundImages,
  sourceNameOf,
  systemPath,
  type ValuesOf,
} from '@virt-similarity/core';
import { didYouMean, VirtSimilarityError } from '@virt-similarity/core/errors';
import type { IMAGE_OPTIONS } from '../options/option-table.js';
import type { BuiltInContext, DescribedCommand } from './built-in-command.js';
import { readImageLists } from './image-lists.js';
import type { NamedImage } from './named-image.js';

/**
 * Returns the images that were named, with lists, directories and names of sources replaced by the images that they
 * name.
 *
 * @throws the errors of `readImageLists` and `Analyzer.findImages`; `usage` if no image was named, or if the first
 *   image does not exist and its name resembles that of a command; `unreadable` if the only image does not exist.
 */
export async function findSources(
  given: readonly NamedImage[],
  analyzer: Analyzer,
  {
    commands,
    messages,
    options,
    signal,
  }: Pick<BuiltInContext, 'messages' | 'signal'> & {
    readonly commands: readonly Pick<DescribedCommand, 'name'>[];
    readonly options: Pick<ValuesOf<typeof IMAGE_OPTIONS>, 'allow-in-use' | 'recursive' | 'exclude' | 'null'>;
  },
): Promise<FoundImages> {
  const named = await readImageLists(given, { null: options.null ?? false, signal });
  await requireImages(named, analyzer, commands);
  return analyzer.findImages(named, {
    allowInUse: options['allow-in-use'],
    recursive: options.recursive,
    exclude: options.exclude,
    onNote: (level, message, wording = message) => messages[level](wording),
    signal,
  });
}

async function requireImages(
  [first, second]: readonly DiskSource[],
  analyzer: Analyzer,
  commands: readonly Pick<DescribedCommand, 'name'>[],
): Promise<void> {
  if (first === undefined) {
    throw new VirtSimilarityError('usage', 'expected disk images, found none; name at least one, or see --help');
  }
  const sources = analyzer.registrations.flatMap(({ kind, name }) => (kind === 'source' ? name : []));
  const isFound = (await exists(first.path)) || (await archiveOf(first.path)) !== undefined;
  if (sourceNameOf(first.path, sources) !== undefined || isFound) {
    return;
  }
  const suggestion = didYouMean(
    first.path,
    commands.map(({ name }) => name),
  );
  if (suggestion !== '') {
    throw new VirtSimilarityError('usage', `expected disk images or a command, found '${first.path}'${suggestion}`);
  }
  if (second === undefined) {
    throw new VirtSimilarityError('unreadable', `cannot open ${first.path}: there is no such file; check its name`);
  }
}

/** Returns whether a path exists. If this cannot be determined, returns true, and the reader reports the error. */
function exists(path: string): Promise<boolean> {
  return stat(systemPath(path)).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}
