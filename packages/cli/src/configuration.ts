import { constants } from 'node:fs';
import { access, type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { didYouMean, messageOf, systemReasonOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import type { Configuration } from './parse-configuration.js';

/** The key of this program in a package.json. */
const PACKAGE_KEY = 'virt-similarity';
const PACKAGE_FILE = 'package.json';
const CODE = ['.js', '.mjs', '.cjs'];
/** The permission bits for writing by users other than the owner. */
const WRITABLE_BY_OTHERS = 0o022;
/**
 * The permission bit of directories such as /tmp, in which a file can be replaced only by its owner, by the owner of
 * the directory, and by root.
 */
const STICKY = 0o1000;
const ROOT = 0;

/**
 * Returns the path of the user's configuration file. The path does not depend on the working directory, whose files are
 * not trusted.
 */
export function configurationPath(environment: NodeJS.ProcessEnv): string {
  const named = environment.XDG_CONFIG_HOME;
  // The XDG Base Directory Specification requires that relative paths be ignored.
  const directory = named !== undefined && isAbsolute(named) ? named : join(homedir(), '.config');
  return join(directory, 'virt-similarity', 'config.json');
}

/**
 * Loads the user's configuration file. Returns `undefined` if no file can be found at the path.
 *
 * @throws `refused` unless it is a regular file that belongs to the user and that no other user can write to, because
 *   it names code to run; `usage` if it cannot be read or its content is not valid.
 */
export async function loadConfiguration(path: string): Promise<Configuration | undefined> {
  if (!(await exists(path))) {
    return undefined;
  }
  return parsed(path, await readJson(path));
}

/**
 * Loads a configuration file that the user named: JSON, the key `virt-similarity` of a package.json, or a module whose
 * default export has the same form. No other configuration is run as code.
 *
 * @throws as `loadConfiguration`; also `refused` if another user can replace the file in its directory, and `usage` if
 *   the file does not exist, has another extension, is a package.json without the key, or is a module that throws.
 */
export async function loadNamedConfiguration(named: string, directory: string): Promise<Configuration> {
  const path = resolve(directory, named);
  const extension = extname(path);
  if (extension !== '.json' && !CODE.includes(extension)) {
    const known = ['.json', ...CODE];
    const found = extension === '' ? 'no extension' : extension;
    throw usage(
      `--config ${named}: expected a name that ends in ${known.join(', ')}; found ${found}${didYouMean(found, known)}`,
    );
  }
  await requireOwnDirectory(path);
  if (extension !== '.json') {
    return parsed(path, await runModule(path));
  }
  const content = await readJson(path);
  if (basename(path) !== PACKAGE_FILE) {
    return parsed(path, content);
  }
  const entries = typeof content === 'object' && content !== null ? Object.entries(content) : [];
  const entry = entries.find(([key]) => key === PACKAGE_KEY);
  if (entry === undefined) {
    throw usage(`${path}: expected the key '${PACKAGE_KEY}', found none; add it, or name another file`);
  }
  return parsed(path, entry[1]);
}

/** Parses a configuration. Imports the parser here, so that runs without a configuration file do not load it. */
async function parsed(path: string, value: unknown): Promise<Configuration> {
  const { parseConfiguration } = await import('./parse-configuration.js');
  return parseConfiguration(path, value);
}

async function readJson(path: string): Promise<unknown> {
  const text = await withOwnFile(path, (file) => file.readFile('utf8'));
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new VirtSimilarityError('usage', `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

async function runModule(path: string): Promise<unknown> {
  await withOwnFile(path, async () => {});
  try {
    const loaded: { readonly default?: unknown } = await import(pathToFileURL(path).href);
    return loaded.default;
  } catch (cause) {
    throw new VirtSimilarityError('usage', `cannot run ${path}: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Calls a function with the open file. Checks the file after opening it, so that no other file can replace it in
 * between.
 *
 * @throws `refused` unless it is a regular file that only this user can write to, and `usage` if it cannot be opened.
 */
async function withOwnFile<Result>(path: string, use: (file: FileHandle) => Promise<Result>): Promise<Result> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw new VirtSimilarityError('usage', `cannot read ${path}: ${systemReasonOf(cause)}; check its path`, { cause });
  }
  try {
    const status = await file.stat();
    if (!status.isFile()) {
      const found = 'it is not a regular file; replace it with a regular file, or remove it';
      throw new VirtSimilarityError('refused', `cannot read ${path}: ${found}`);
    }
    if (status.uid !== process.getuid?.() || (status.mode & WRITABLE_BY_OTHERS) !== 0) {
      const remedy = 'restrict it to your user with chmod go-w or chown';
      throw new VirtSimilarityError('refused', `${path} can be written by other users; ${remedy}`);
    }
    return await use(file);
  } finally {
    await file.close();
  }
}

/**
 * Requires that only this user and root can replace files in the directory of a path, after resolving symbolic links.
 *
 * @throws `refused` if another user can, and `usage` if the path cannot be resolved.
 */
async function requireOwnDirectory(path: string): Promise<void> {
  let directory: string;
  try {
    directory = dirname(await realpath(path));
  } catch (cause) {
    throw new VirtSimilarityError('usage', `cannot read ${path}: ${systemReasonOf(cause)}; check its path`, { cause });
  }
  const { uid, mode } = await stat(directory);
  if (uid !== process.getuid?.() && uid !== ROOT) {
    const problem = `cannot use ${path}: its directory belongs to another user`;
    throw new VirtSimilarityError('refused', `${problem}; move the file to a directory of yours`);
  }
  if ((mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0) {
    const problem = `cannot use ${path}: other users can replace it in its directory`;
    throw new VirtSimilarityError('refused', `${problem}; restrict the directory to your user with chmod go-w`);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path, constants.F_OK);
    return true;
  } catch {
    return false;
  }
}

function usage(problem: string): VirtSimilarityError {
  return new VirtSimilarityError('usage', problem);
}
