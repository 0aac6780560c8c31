/**
 * Compiles packages/core/assembly to WebAssembly, beside the compiled module that loads it. What is up to date is left
 * alone; deleting dist brings it back.
 */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const SOURCES = 'packages/core/assembly';
const OUTPUT = 'packages/core/dist/distance/engine/pair-kernel.wasm';
const OPTIONS = ['--enable', 'simd', '-O3', '--runtime', 'stub', '--noAssert', '--debug'];

/** Milliseconds at which a file was last written; 0 for one that is not there. */
function writtenAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function isUpToDate() {
  const inputs = [fileURLToPath(import.meta.url), ...readdirSync(SOURCES).map((name) => join(SOURCES, name))];
  return Math.max(...inputs.map(writtenAt)) < writtenAt(OUTPUT);
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
if (!isUpToDate()) {
  mkdirSync(dirname(OUTPUT), { recursive: true });
  const { error, stderr } = await asc.main([join(SOURCES, 'index.ts'), '--outFile', OUTPUT, ...OPTIONS]);
  if (error) {
    process.stderr.write(stderr.toString());
    process.exitCode = 1;
  }
}
