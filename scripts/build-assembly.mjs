/**
 * Compiles packages/core/assembly to WebAssembly, each module beside the compiled file that loads it. What is up to date
 * is left alone; deleting dist brings it back.
 */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const SOURCES = 'packages/core/assembly';
const OUTPUTS = 'packages/core/dist';

/** Which entry becomes which module. */
const MODULES = [
  { entry: 'index.ts', output: 'distance/engine/pair-kernel.wasm' },
  { entry: 'matrix-band.ts', output: 'clustering/fast/matrix-band.wasm' },
  { entry: 'single-linkage.ts', output: 'clustering/fast/single-linkage.wasm' },
];

const OPTIONS = ['--enable', 'simd', '-O3', '--runtime', 'stub', '--noAssert', '--debug'];

/** Milliseconds at which a file was last written; 0 for one that is not there. */
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
