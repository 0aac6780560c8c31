/** Enough blocks that comparing starts threads. */
const BLOCKS = 3_000_000;

/**
 * Analyses two images with each hasher, writes a report, and compares vectors in memory. Prints each result and whether
 * threads were used.
 *
 * @param core the exports of `@virt-similarity/core`
 */
export async function analyse(core, { readers, hashers, reporters }, names = Object.keys(hashers.hashers)) {
  let threads = 0;
  process.on('worker', () => threads++);
  const write = (text) => {
    console.log(`${text} ${threads > 0 ? 'by threads' : 'without threads'}`);
    threads = 0;
  };
  const analyzer = core.createAnalyzer({ plugins: [readers, hashers], isolated: [reporters] });
  let analysis;
  for (const hasher of names) {
    analysis = await analyzer.analyze(['a.raw', 'b.raw'], { hasher, clusterer: 'fast', linkage: 'average', jobs: 2 });
    write(`${hasher}: ${analysis.distances.values}`);
  }
  let report = '';
  for await (const text of analyzer.report('newick', analysis)) {
    report += text;
  }
  write(report.trim());
  const vectors = [1, 1, 2].map((digest) => vectorOf(core, digest));
  const { values } = await core.compareVectors(vectors, new core.HammingMetric(), { jobs: 2 });
  write(values.join(' '));
}

/** Returns a vector whose blocks all have the same digest. */
function vectorOf({ hashVectorOf }, digest) {
  const header = {
    name: String(digest),
    algorithm: 'none',
    digestLength: 1,
    blockSize: 512,
    virtualSize: BLOCKS * 512,
  };
  return hashVectorOf(
    header,
    new Uint32Array(BLOCKS).map((_, block) => block),
    new Uint8Array(BLOCKS).fill(digest),
  );
}
