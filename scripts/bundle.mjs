/**
 * Bundles the compiled modules of each package into few files, which Node.js loads much sooner: one for each export and
 * command of package.json, one for each module that a thread starts with, and more for what some of these share, so that
 * none loads what it does not need. Imports of other packages stay imports: whoever imports a module has the same one.
 */
import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const PACKAGES = 'packages';

/** What a module loads at run time from beside itself: another module in a thread, or WebAssembly. */
const BESIDE = /new URL\('\.\/([\w.-]+)', import\.meta\.url\)/g;

/** The modules that package.json names, by the names of their bundles without `.js`. */
function namedModules(directory) {
  const { exports, bin = {} } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const exported = Object.values(exports).filter((target) => target.unbundled !== undefined);
  const pairs = [
    ...exported.map((target) => [target.default, target.unbundled]),
    ...Object.values(bin).map((bundle) => [bundle, `./dist/${basename(bundle)}`]),
  ];
  return new Map(pairs.map(([bundle, module]) => [basename(bundle, '.js'), join(directory, module)]));
}

/** The files that modules load from beside themselves. */
function filesBeside(directory) {
  const modules = readdirSync(join(directory, 'dist'), { recursive: true }).filter((name) => name.endsWith('.js'));
  const found = modules
    .map((name) => join(directory, 'dist', name))
    .flatMap((module) =>
      [...readFileSync(module, 'utf8').matchAll(BESIDE)].map(([, name]) => join(dirname(module), name)),
    );
  return [...new Set(found)];
}

/** All entry points; in the bundle they stand beside each other, so no two may have one name. */
function entryPoints(directory, beside) {
  const entries = namedModules(directory);
  for (const module of beside.filter((file) => file.endsWith('.js'))) {
    const name = basename(module, '.js');
    const other = entries.get(name) ?? module;
    if (other !== module) throw new Error(`expected one ${name}.js, found ${other} and ${module}; rename one`);
    entries.set(name, module);
  }
  return Object.fromEntries(entries);
}

async function bundle(directory) {
  const beside = filesBeside(directory);
  const target = join(directory, 'bundle');
  const { metafile } = await build({
    entryPoints: entryPoints(directory, beside),
    outdir: target,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    charset: 'utf8',
    sourcemap: true,
    sourcesContent: false,
    // The modules are compiled already.
    tsconfigRaw: {},
    metafile: true,
    logLevel: 'warning',
  });
  const written = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
  for (const file of beside.filter((each) => !each.endsWith('.js'))) {
    copyFileSync(file, join(target, basename(file)));
    written.add(basename(file));
  }
  for (const name of readdirSync(target).filter((each) => !written.has(each))) rmSync(join(target, name));
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
for (const name of readdirSync(PACKAGES)) await bundle(join(PACKAGES, name));
