import { systemReasonOf, VirtSimilarityError, wording } from '../errors.js';
import { isDirectory } from '../files/directory-entries.js';
import { systemCode } from '../files/file-error.js';
import { realPath } from '../files/real-path.js';

/**
 * The directories below which a user allows backing files, absolute, symbolic links resolved.
 *
 * @throws `usage` for one that does not exist, cannot be opened or is not a directory.
 */
export function allowedTrees(paths: readonly string[]): Promise<readonly string[]> {
  return Promise.all(paths.map(realDirectory));
}

async function realDirectory(path: string): Promise<string> {
  const refuse = (problem: string, cause?: unknown) =>
    new VirtSimilarityError(
      'usage',
      wording`${{ option: 'allowBacking' }} ${path}: ${problem}; name the directory that holds the file`,
      { cause },
    );
  const real = await realPath(path).catch((cause: unknown) => {
    const isMissing = systemCode(cause) === 'ENOENT';
    throw refuse(isMissing ? 'there is no such directory' : `cannot open it: ${systemReasonOf(cause)}`, cause);
  });
  if (!(await isDirectory(real))) {
    throw refuse('it is not a directory');
  }
  return real;
}
