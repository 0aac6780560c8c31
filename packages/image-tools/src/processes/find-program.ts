import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

const found = new Map<string, Promise<string | undefined>>();

/**
 * Returns the absolute path of the first executable file of this name in the directories of `PATH`; `undefined` if
 * there is none. Relative directories are ignored. A path that was found is cached for that value of `PATH`.
 */
export async function findProgram(command: string): Promise<string | undefined> {
  const path = process.env.PATH ?? '';
  const key = `${command}\0${path}`;
  const search = found.get(key) ?? searchPath(command, path);
  found.set(key, search);
  const program = await search;
  if (program === undefined) {
    found.delete(key);
  }
  return program;
}

async function searchPath(command: string, path: string): Promise<string | undefined> {
  // A relative entry would run a program from the working directory.
  const directories = path.split(delimiter).filter((directory) => directory.startsWith('/'));
  for (const directory of directories) {
    const candidate = join(directory, command);
    if (await isExecutableFile(candidate)) {
      return candidate;
    }
  }
  return undefined;
}

async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
