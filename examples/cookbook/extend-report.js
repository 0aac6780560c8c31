/**
 * Extends a family: `node extend-report.js REPORT.json NEW.arrow…` adds images to the analysis in a JSON report that
 * was made from hash-vector files, and prints the new tree. Compares only the pairs with a new image.
 */
import { readFile } from 'node:fs/promises';
import { createAnalyzer, openHashVector } from '@virt-similarity/core';
import reporters, { parseJsonReport } from '@virt-similarity/reporters';

const [report, ...added] = process.argv.slice(2);
const analysis = parseJsonReport(await readFile(report, 'utf8'));
const images = await Promise.all(
  analysis.images.map(async (image) => ({ ...image, vector: await openHashVector(image.path) })),
);

const analyzer = createAnalyzer({ plugins: [reporters] });
const vectors = await Promise.all(added.map((path) => openHashVector(path)));
const extended = await analyzer.extend({ ...analysis, images }, vectors);
for await (const text of analyzer.report('ascii', extended)) {
  process.stdout.write(text);
}
