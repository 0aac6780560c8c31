/**
 * Compiles packages/core/assembly to WebAssembly, each module beside the compiled file that loads it. Skips modules
 * that are up to date; delete dist to force a build.
 */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const SOURCES = 'packages/core/assembly';
const OUTPUTS = 'packages/core/dist';

/** The entry files and the modules that they are compiled to. */
const MODULES = [
  { entry: 'index.ts', output: 'distance/engine/pair-kernel.wasm' },
  { entry: 'matrix-band.ts', output: 'clustering/fast/matrix-band.wasm' },
  { entry: 'index-build.ts', output: 'vector-index/build-kernel.wasm' },
  { entry: 'index-query.ts', output: 'vector-index/query-kernel.wasm' },
  { entry: 'single-linkage.ts', output: 'clustering/fast/single-linkage.wasm' },
];

const OPTIONS = ['--enable', 'simd', '-O3', '--runtime', 'stub', '--noAssert', '--debug'];

/** Returns the modification time of a file in milliseconds, 0 if it does not exist. */
function writtenAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function isUpToDate(file) {
  const inputs = [fileURLToPath(import.meta.url), ...readdirSync(SOURCES).map((name) => join(SOURCES, name))];
  return Math.max(...inputs.map(writtenAt)) < writtenAt(file);
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
for (const { entry, output } of MODULES) {
  const file = join(OUTPUTS, output);
  if (isUpToDate(file)) {
    continue;
  }
  mkdirSync(dirname(file), { recursive: true });
  const { error, stderr } = await asc.main([join(SOURCES, entry), '--outFile', file, ...OPTIONS]);
  if (error) {
    process.stderr.write(stderr.toString());
    process.exitCode = 1;
  }
}
