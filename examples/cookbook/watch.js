/**
 * Prints the tree of the images in a directory, and again whenever they change: `node watch.js DIRECTORY`. Ends at
 * SIGINT.
 */
import { watch } from 'node:fs/promises';
import { createAnalyzer, MemoryVectorStore } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import reporters from '@virt-similarity/reporters';

const [directory] = process.argv.slice(2);
const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort());
const { signal } = interruption;

// The store keeps the hash vectors in memory: only images that have changed are read again.
const analyzer = createAnalyzer({ plugins: [readers, hashers, reporters], store: new MemoryVectorStore() });

async function draw() {
  try {
    const analysis = await analyzer.analyze(await analyzer.findImages([directory], { signal }), { signal });
    for (const { path, error } of analysis.failures) {
      console.error(path, error.message);
    }
    for await (const text of analyzer.report('ascii', analysis)) {
      process.stdout.write(text);
    }
  } catch (error) {
    // For example, the directory has no images. An image that is still being written fails, and its next change draws
    // the tree again.
    console.error(error.message);
  }
}

let drawn = draw();
let pause;
try {
  for await (const _ of watch(directory, { signal })) {
    // Writing a file causes many events. The tree is drawn after a second without events.
    clearTimeout(pause);
    pause = setTimeout(() => {
      drawn = drawn.then(draw);
    }, 1000);
  }
} catch (error) {
  if (!signal.aborted) {
    throw error;
  }
  clearTimeout(pause);
}
