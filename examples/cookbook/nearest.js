/**
 * Prints the five stored images that are nearest to a new image: `node nearest.js IMAGE VECTOR.arrow…`. Keeps an index
 * of the stored vectors in the directory `index` beside the first vector, so that the next run reads only a fraction of
 * the vectors.
 */
import { dirname, join } from 'node:path';
import { createAnalyzer, HammingMetric, openHashVector, tileDistances, VectorIndex } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';

const [image, ...files] = process.argv.slice(2);
const analyzer = createAnalyzer({ plugins: [readers, hashers] });
const stored = await Promise.all(files.map((file) => openHashVector(file)));
const index = await VectorIndex.of(stored, { cache: join(dirname(files[0]), 'index'), onWarning: console.warn });
const { algorithm: hasher, blockSize } = stored[0];
for await (const { vector, error } of analyzer.hash([image], { hasher, blockSize })) {
  if (error !== undefined) {
    throw error;
  }
  const distances = tileDistances(await index.compare([vector]), new HammingMetric());
  const nearest = stored.map(({ name }, index) => ({ name, distance: distances[index] }));
  nearest.sort((one, other) => one.distance - other.distance);
  for (const { name, distance } of nearest.slice(0, 5)) {
    console.log(`${distance} blocks: ${name}`);
  }
}
