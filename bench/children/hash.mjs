/**
 * Hashes images once with the library. Prints the duration in seconds, the peak memory in bytes, and a checksum of the
 * vectors.
 */
import { createHash } from 'node:crypto';
import { createAnalyzer } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';

const { images, hasher, allowBacking } = JSON.parse(process.argv[2]);

const start = performance.now();
const analyzer = createAnalyzer({ plugins: [readers, hashers] });
const vectors = new Map();
for await (const outcome of analyzer.hash(images, { hasher, allowBacking })) {
  if (outcome.error !== undefined) {
    throw outcome.error;
  }
  vectors.set(outcome.path, outcome.vector);
}
const seconds = (performance.now() - start) / 1000;
const peakBytes = process.resourceUsage().maxRSS * 1024;

const checksum = createHash('sha256');
for (const image of images) {
  for await (const { blocks, digests } of vectors.get(image).rows()) {
    checksum.update(blocks).update(digests);
  }
}
console.log(JSON.stringify({ seconds, peakBytes, checksum: checksum.digest('hex') }));
