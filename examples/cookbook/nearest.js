/**
 * The stored images that are nearest to a new one: `node nearest.js IMAGE VECTOR.arrow…`. Compares the new image with each
 * stored vector, and no stored vectors with one another.
 */
import { createAnalyzer, openHashVector } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';

const [image, ...files] = process.argv.slice(2);
const analyzer = createAnalyzer({ plugins: [readers, hashers] });
const stored = await Promise.all(files.map((file) => openHashVector(file)));
const { algorithm: hasher, blockSize } = stored[0];
for await (const { vector, error } of analyzer.hash([image], { hasher, blockSize })) {
  if (error !== undefined) {
    throw error;
  }
  const { distances, unit } = await analyzer.compareWith([vector], stored);
  const nearest = stored.map(({ name }, index) => ({ name, distance: distances[index] }));
  nearest.sort((one, other) => one.distance - other.distance);
  for (const { name, distance } of nearest.slice(0, 5)) {
    console.log(`${distance} ${unit}: ${name}`);
  }
}
