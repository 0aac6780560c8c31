/**
 * Draws a tree of anything that has distances: `node own-distances.js WORD…` clusters words by the letters in which
 * they differ, and prints a Newick tree.
 */
import { condensedIndex, createAnalyzer } from '@virt-similarity/core';
import reporters from '@virt-similarity/reporters';

const words = process.argv.slice(2);
const size = words.length;
const values = new Float64Array((size * (size - 1)) / 2);
for (const [i, one] of words.entries()) {
  for (const [j, other] of words.entries()) {
    if (i < j) {
      const letters = [...one.padEnd(other.length)].filter((letter, place) => letter !== other[place]);
      values[condensedIndex(size, i, j)] = letters.length;
    }
  }
}
const analyzer = createAnalyzer({ plugins: [reporters] });
const options = { metric: 'letters', unit: 'letters', linkage: 'average' };
const analysis = await analyzer.analyzeDistances(words, { size, values }, options);
for await (const text of analyzer.report('newick', analysis)) {
  process.stdout.write(text);
}
