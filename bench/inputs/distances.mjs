import { open, writeFile } from 'node:fs/promises';

const DIMENSIONS = 8;

/** Builds a file of the condensed Euclidean distances of random points, as little-endian float64. Returns its path. */
export function distanceFile({ data }, size) {
  return data.ready(`distances-${size}`, (path) => writeFile(path, Buffer.from(randomDistances(size).buffer)));
}

/** Reads a file of `distanceFile` as a condensed matrix. */
export async function readDistances(path, size) {
  const values = new Float64Array((size * (size - 1)) / 2);
  // Read directly into the array, to avoid a second copy in memory.
  const bytes = new Uint8Array(values.buffer);
  const file = await open(path);
  try {
    for (let filled = 0; filled < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, filled);
      if (bytesRead === 0) {
        throw new Error(`${path}: expected ${bytes.length} bytes, found ${filled}`);
      }
      filled += bytesRead;
    }
  } finally {
    await file.close();
  }
  return { size, values };
}

/** Returns the same distances in every run. The points are from a linear congruential generator (Knuth 1997). */
function randomDistances(size) {
  let state = 1;
  const coordinates = Float64Array.from({ length: size * DIMENSIONS }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
  const values = new Float64Array((size * (size - 1)) / 2);
  let index = 0;
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++) {
      let sum = 0;
      for (let d = 0; d < DIMENSIONS; d++) {
        sum += (coordinates[i * DIMENSIONS + d] - coordinates[j * DIMENSIONS + d]) ** 2;
      }
      values[index++] = Math.sqrt(sum);
    }
  }
  return values;
}
