/**
 * Analyses many families at the same time, each given as a list of images separated by commas:
 * `node many-at-once.js A,B,C D,E…`. All runs of one analyzer share its hashing threads. A signal ends only its own
 * run.
 */
import { createAnalyzer, MemoryVectorStore } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';

const analyzer = createAnalyzer({ plugins: [readers, hashers], store: new MemoryVectorStore() });
const analyses = process.argv.slice(2).map(async (family) => {
  const signal = AbortSignal.timeout(600_000);
  const { images, distances } = await analyzer.analyze(family.split(','), { signal });
  return `${images.map(({ name }) => name).join(', ')}: ${[...distances.values].join(' ')}`;
});
for (const outcome of await Promise.allSettled(analyses)) {
  console.log(outcome.status === 'fulfilled' ? outcome.value : outcome.reason.message);
}
