import { systemReasonOf, VirtSimilarityError, wording } from '../errors.js';
import { systemCode } from '../files/file-error.js';
import { OpenDirectory } from '../files/open-directory.js';

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'no such directory',
  ENOTDIR: 'not a directory',
};

/**
 * Returns the directories below which a user allows backing files: absolute, symbolic links resolved.
 *
 * @throws `usage` for a path that does not exist, cannot be opened or is not a directory; otherwise as
 *   `OpenDirectory.realPathOf`, for example `refused` if a path ends in a symbolic link of another user, who could make
 *   it lead anywhere.
 */
export function allowedTrees(paths: readonly string[]): Promise<readonly string[]> {
  return Promise.all(paths.map(realDirectory));
}

async function realDirectory(path: string): Promise<string> {
  try {
    return await OpenDirectory.realPathOf(path);
  } catch (cause) {
    if (cause instanceof VirtSimilarityError) {
      throw cause;
    }
    const found = PROBLEMS[systemCode(cause) ?? ''] ?? `cannot open it: ${systemReasonOf(cause)}`;
    const problem = wording`${{ option: 'allowBacking' }} ${path}: ${found}; name the directory of the backing files`;
    throw new VirtSimilarityError('usage', problem, { cause });
  }
}
