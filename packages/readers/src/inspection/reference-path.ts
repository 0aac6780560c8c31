import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { realPath } from '@virt-similarity/core';
import { refused } from './header-error.js';

/**
 * The real path of a file that a header names, relative to the directory of the file with the header, as qemu takes it.
 *
 * Only plain paths are followed, and only where they lead into one of the allowed directories (absolute, symbolic
 * links resolved); what stands there is not looked at. Throws `HeaderError`.
 */
export async function resolveReference(
  name: string,
  headerPath: string,
  allowedDirectories: readonly string[],
): Promise<string> {
  if (hasProtocol(name)) {
    throw refused('it is no plain path, and nothing else is followed; rebase or convert the image');
  }
  // Not normalised: what `..` means behind a symbolic link is for the kernel to say.
  const path = isAbsolute(name) ? name : `${dirname(headerPath)}/${name}`;
  const directory = await existingDirectory(dirname(path));
  const real = join(directory, basename(path));
  if (!allowedDirectories.some((allowed) => liesIn(directory, allowed))) {
    throw refused(
      `it lies outside the directories of the named images; if both are known to belong together, pass --allow-backing ${JSON.stringify(directory)}`,
    );
  }
  return real;
}

/** As qemu's path_has_protocol: a colon before the first slash. Takes in `json:`, too. */
function hasProtocol(name: string): boolean {
  return /^[^/:]*:/.test(name);
}

/** The directory without symbolic links; where it does not exist, what it would be, so that policy is judged first. */
async function existingDirectory(path: string): Promise<string> {
  try {
    return await realPath(path);
  } catch {
    return resolve(path);
  }
}

function liesIn(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}
