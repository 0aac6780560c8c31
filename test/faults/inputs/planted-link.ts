import { chmod, lchown, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';

const NOBODY = 65_534;

/** Creates a link, and makes its directory world-writable. If the tests run as root, the link is another user's. */
export async function plantLink(target: string, path: string): Promise<void> {
  await chmod(dirname(path), 0o777);
  await symlink(target, path);
  if (process.getuid?.() === 0) {
    await lchown(path, NOBODY, NOBODY);
  }
}
