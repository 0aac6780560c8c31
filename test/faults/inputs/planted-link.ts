import { chmod, lchown, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';

const NOBODY = 65_534;

/** Puts a link into a directory that everybody may write to; another user's, where the tests are run by root. */
export async function plantLink(target: string, path: string): Promise<void> {
  await chmod(dirname(path), 0o777);
  await symlink(target, path);
  if (process.getuid?.() === 0) {
    await lchown(path, NOBODY, NOBODY);
  }
}
