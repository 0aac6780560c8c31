/**
 * Bundles the compiled modules of each package into a few files, which Node.js loads much faster:
 *
 * - one file for each export and command in package.json;
 * - further files for modules that several of these share or import dynamically, so that none loads unneeded modules;
 * - one self-contained file for each module that a thread starts with, because threads share no modules.
 *
 * Imports of other packages are kept, so that every importer gets the same module. Unchanged files are not rewritten.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const PACKAGES = 'packages';

/**
 * A file that a module loads at run time from its own folder: a module for a thread, or WebAssembly. A bundle is a
 * single folder, so modules must use exactly this expression, and each file name must be unique in the package.
 */
const ADJACENT_FILE = /new URL\('\.\/([\w.-]+)', import\.meta\.url\)/g;

/** A file that the committed script of a command imports from the bundle. */
const IMPORTED_BY_COMMAND = /'\.\.\/bundle\/([\w.-]+)'/g;

/** Returns pairs of a bundled file's name and its compiled source, for the exports and commands in package.json. */
function packageEntries(directory) {
  const { exports, bin = {} } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return [
    ...Object.values(exports)
      .filter((target) => target.unbundled !== undefined)
      .map((target) => [basename(target.default), join(directory, target.unbundled)]),
    ...Object.values(bin)
      .flatMap((command) => [...readFileSync(join(directory, command), 'utf8').matchAll(IMPORTED_BY_COMMAND)])
      .map(([, file]) => [file, join(directory, 'dist', file)]),
  ];
}

/** Returns the same pairs for adjacent files. Searches the sources, because `dist` can contain stale modules. */
function adjacentFiles(directory) {
  const sources = join(directory, 'src');
  return readdirSync(sources, { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const folder = join(directory, 'dist', dirname(name));
      const text = readFileSync(join(sources, name), 'utf8');
      return [...text.matchAll(ADJACENT_FILE)].map(([, file]) => [file, join(folder, file)]);
    });
}

/** Returns the inputs of a bundle by name: the entries in package.json, the modules of threads, and WebAssembly. */
function inputs(directory) {
  const entries = new Map(packageEntries(directory));
  const threads = new Map();
  const assembly = new Map();
  for (const [name, file] of adjacentFiles(directory)) {
    const other = entries.get(name) ?? threads.get(name) ?? assembly.get(name);
    if (other === undefined) {
      (name.endsWith('.js') ? threads : assembly).set(name, file);
    } else if (other !== file) {
      throw new Error(`expected one file ${name} in a bundle, found ${other} and ${file}; rename one`);
    }
  }
  return { entries, threads, assembly };
}

/** Returns the files that esbuild builds from the modules, as pairs of name and content. */
async function bundled(modules, { target, splitting }) {
  const { outputFiles } = await build({
    entryPoints: Object.fromEntries([...modules].map(([name, file]) => [basename(name, '.js'), file])),
    outdir: target,
    bundle: true,
    splitting,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    charset: 'utf8',
    sourcemap: true,
    sourcesContent: false,
    // The modules are compiled already.
    tsconfigRaw: {},
    write: false,
    logLevel: 'warning',
  });
  return outputFiles.map(({ path, contents }) => [relative(target, path), Buffer.from(contents)]);
}

async function bundle(directory) {
  const target = join(directory, 'bundle');
  const { entries, threads, assembly } = inputs(directory);
  const outputs = new Map([
    ...(await bundled(entries, { target, splitting: true })),
    ...(await bundled(threads, { target, splitting: false })),
    ...[...assembly].map(([name, file]) => [name, readFileSync(file)]),
  ]);
  mkdirSync(target, { recursive: true });
  for (const [name, contents] of outputs) {
    const path = join(target, name);
    if (!existsSync(path) || !readFileSync(path).equals(contents)) {
      writeFileSync(path, contents);
    }
  }
  for (const name of readdirSync(target)) {
    if (!outputs.has(name)) {
      rmSync(join(target, name));
    }
  }
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
for (const name of readdirSync(PACKAGES)) {
  await bundle(join(PACKAGES, name));
}
