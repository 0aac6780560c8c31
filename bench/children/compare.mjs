/**
 * Compares hash-vector files once with the library, reading included. Prints the duration in seconds and the peak
 * memory in bytes.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createAnalyzer } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import { syntheticPlugin } from '../inputs/synthetic-plugin.mjs';

const { directory, hasher, count } = JSON.parse(process.argv[2]);
const files = (await readdir(directory)).sort().slice(0, count);

const start = performance.now();
await createAnalyzer({ plugins: [hashers, syntheticPlugin] }).analyze(
  files.map((file) => join(directory, file)),
  { hasher, onProgress: ({ kind }) => kind === 'clustering' && reportAndExit() },
);

/** Reports as soon as the comparison is finished, because clustering has its own row. */
function reportAndExit() {
  const seconds = (performance.now() - start) / 1000;
  process.stdout.write(`${JSON.stringify({ seconds, peakBytes: process.resourceUsage().maxRSS * 1024 })}\n`, () =>
    process.exit(),
  );
}
