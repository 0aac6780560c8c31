import { systemReasonOf, VirtSimilarityError, wording } from '../errors.js';
import { isDirectory } from '../files/directory-entries.js';
import { systemCode } from '../files/file-error.js';
import { realPath } from '../files/real-path.js';

/**
 * Resolves the directories below which a user allows backing files: absolute, symbolic links resolved.
 *
 * @throws `usage` if one does not exist, cannot be opened or is not a directory.
 */
export function allowedTrees(paths: readonly string[]): Promise<readonly string[]> {
  return Promise.all(paths.map(realDirectory));
}

async function realDirectory(path: string): Promise<string> {
  const refuse = (problem: string, cause?: unknown) =>
    new VirtSimilarityError(
      'usage',
      wording`${{ option: 'allowBacking' }} ${path}: ${problem}; name the directory of the backing files`,
      { cause },
    );
  const real = await realPath(path).catch((cause: unknown) => {
    const isMissing = systemCode(cause) === 'ENOENT';
    throw refuse(isMissing ? 'no such directory' : `cannot open it: ${systemReasonOf(cause)}`, cause);
  });
  if (!(await isDirectory(real))) {
    throw refuse('not a directory');
  }
  return real;
}
