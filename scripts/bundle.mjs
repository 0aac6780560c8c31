/**
 * Bundles the compiled modules of each package into few files, which Node.js loads much sooner: one for each export and
 * command of package.json, more for what several of these share or import later, so that none loads what it does not
 * need, and one for each module that a thread starts with, which is whole: a thread shares no module with others.
 * Imports of other packages stay imports, so that every importer gets the same module. Files that would not change are
 * left alone.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const PACKAGES = 'packages';

/**
 * What a module loads at run time from beside itself: another module in a thread, or WebAssembly. All that does so stands
 * in one folder in the bundle, so it has to be written just so, and every name is there once.
 */
const BESIDE = /new URL\('\.\/([\w.-]+)', import\.meta\.url\)/g;

/** What the committed file behind a command imports from the bundle. */
const IMPORTED_BY_COMMAND = /'\.\.\/bundle\/([\w.-]+)'/g;

/** Pairs of a file's name in the bundle and the compiled file it is made from, for what package.json names. */
function named(directory) {
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

/** The same for what modules load from beside themselves. Sources are asked: `dist` may hold what has none any more. */
function beside(directory) {
  const sources = join(directory, 'src');
  return readdirSync(sources, { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const folder = join(directory, 'dist', dirname(name));
      const text = readFileSync(join(sources, name), 'utf8');
      return [...text.matchAll(BESIDE)].map(([, file]) => [file, join(folder, file)]);
    });
}

/** What a bundle is made from, by name: what package.json names, what threads start with, and WebAssembly. */
function inputs(directory) {
  const entries = new Map(named(directory));
  const threads = new Map();
  const assembly = new Map();
  for (const [name, file] of beside(directory)) {
    const other = entries.get(name) ?? threads.get(name) ?? assembly.get(name);
    if (other === undefined) {
      (name.endsWith('.js') ? threads : assembly).set(name, file);
    } else if (other !== file) {
      throw new Error(`expected one file ${name} in a bundle, found ${other} and ${file}; rename one`);
    }
  }
  return { entries, threads, assembly };
}

/** The files that esbuild makes of modules, given by name. */
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
