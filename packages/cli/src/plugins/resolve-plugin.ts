import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { didYouMean, messageOf, VirtSimilarityError } from '@virt-similarity/core/errors';

/**
 * Returns the `file:` URL of a plugin that the user named. A path must start with `/`, `./` or `../`, or be `.` or
 * `..`, so that a package name never matches a file in the working directory by chance. Any other specifier is a
 * package that is installed in or above `directory`, or beside this command.
 *
 * @throws `usage` if the plugin is not found or is a module of Node.js.
 */
export function resolvePlugin(specifier: string, directory: string): string {
  const refuse = (reason: string, cause?: unknown) =>
    new VirtSimilarityError('usage', `--plugin ${specifier}: ${reason}`, { cause });
  if (isBuiltin(specifier)) {
    throw refuse('expected a package or a file, found a module of Node.js');
  }
  try {
    // createRequire takes a file, which need not exist.
    return pathToFileURL(resolveFrom(join(directory, 'plugins'), specifier)).href;
  } catch (error) {
    const beside = isPath(specifier) ? undefined : besideThisPackage(specifier);
    if (beside !== undefined) {
      return pathToFileURL(beside).href;
    }
    throw refuse(reason(specifier, directory, error), error);
  }
}

/**
 * Returns the file that `require` would load from a module at `parent`, or else the entry that only `import` can load.
 *
 * @throws the errors of `require.resolve`.
 */
function resolveFrom(parent: string, specifier: string): string {
  const require = createRequire(parent);
  try {
    return require.resolve(specifier);
  } catch (error) {
    const directories = isPath(specifier) ? [join(parent, '..')] : (require.resolve.paths(specifier) ?? []);
    const entry = importOnlyEntry(specifier, directories);
    if (entry === undefined) {
      throw error;
    }
    return entry;
  }
}

/**
 * Returns the entry of a package that is installed beside this command, for example by `npm install --global`;
 * `undefined` if there is none.
 */
function besideThisPackage(specifier: string): string | undefined {
  try {
    return resolveFrom(fileURLToPath(import.meta.url), specifier);
  } catch {
    return undefined;
  }
}

function isPath(specifier: string): boolean {
  return /^(\.{0,2}\/|\.{1,2}$)/.test(specifier);
}

/**
 * Returns the entry of a package, or of a directory with a package.json, whose exports are invisible to
 * `require.resolve`; `undefined` if there is none.
 */
function importOnlyEntry(name: string, searchDirectories: readonly string[]): string | undefined {
  for (const directory of searchDirectories) {
    const manifest = join(directory, name, 'package.json');
    if (existsSync(manifest)) {
      const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports?: unknown };
      const entry = importTarget(member(exports, '.') ?? exports);
      return entry === undefined ? undefined : realpathSync(join(directory, name, entry));
    }
  }
  return undefined;
}

function importTarget(target: unknown): string | undefined {
  if (typeof target === 'string' || target === undefined) {
    return target;
  }
  return importTarget(member(target, 'node') ?? member(target, 'import') ?? member(target, 'default'));
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function reason(specifier: string, directory: string, error: unknown): string {
  if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') {
    return messageOf(error);
  }
  if (isPath(specifier)) {
    const path = resolve(directory, specifier);
    return `no such file: ${path}${didYouMean(basename(specifier), namesIn(dirname(path)))}`;
  }
  if (existsSync(join(directory, specifier))) {
    return `expected a package of that name in or above ${directory}; write ./${specifier} for the file`;
  }
  const expected = `expected a package installed in or above ${directory}, or a path such as ./plugin.js`;
  return `${expected}; found none${didYouMean(specifier, installedPackages(directory))}`;
}

function installedPackages(directory: string): string[] {
  const modules = join(directory, 'node_modules');
  return namesIn(modules).flatMap((name) =>
    name.startsWith('@') ? namesIn(join(modules, name)).map((scoped) => `${name}/${scoped}`) : [name],
  );
}

function namesIn(directory: string): string[] {
  return existsSync(directory) && statSync(directory).isDirectory() ? readdirSync(directory) : [];
}
