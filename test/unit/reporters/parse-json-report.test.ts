import { describe, expect, test } from '@jest/globals';
import { type Analysis, VirtSimilarityError } from '@virt-similarity/core';
import { JsonReporter, parseJsonReport } from '@virt-similarity/reporters';
import { reportText, sampleAnalysis } from '@virt-similarity/testing';
import fc from 'fast-check';
import { analyses, FAMILY, hostileName } from '../../fixtures/analysis.js';

async function jsonOf(analysis: Analysis): Promise<string> {
  return reportText(new JsonReporter().report(analysis));
}

type JsonValue = ReturnType<typeof JSON.parse>;

/** Returns a modified report of `FAMILY`. */
async function changed(change: (report: JsonValue) => void): Promise<string> {
  const report = JSON.parse(await jsonOf(FAMILY));
  change(report);
  return JSON.stringify(report);
}

function exchangeParts({ merges: [merge] }: JsonValue): void {
  [merge.left, merge.right] = [merge.right, merge.left];
}

/** Exchanges images 0 and 5 in the clusters only. */
function exchangeImages({ clusters }: JsonValue): void {
  for (const cluster of clusters) {
    cluster.children = cluster.children.map((child: number) => (child === 0 ? 5 : child === 5 ? 0 : child));
  }
}

describe('a JSON report', () => {
  test('of any analysis without annotations, failures and vectors can be parsed back to it', async () => {
    await fc.assert(
      fc.asyncProperty(analyses(hostileName), async (analysis) => {
        expect(parseJsonReport(await jsonOf(analysis))).toEqual(analysis);
      }),
    );
  });

  test('can be parsed back if it has one image, no counts of repeated blocks, or keys of vectors', async () => {
    const alone = sampleAnalysis(['alone'], []);
    expect(parseJsonReport(await jsonOf(alone))).toEqual(alone);
    const images = FAMILY.images.map(({ repeatedBlocks: _, ...image }) => image);
    expect(parseJsonReport(await jsonOf({ ...FAMILY, images })).images).toEqual(images);
    const keyed = FAMILY.images.map((image) => ({ ...image, vectorKey: 'd1' }));
    expect(parseJsonReport(await jsonOf({ ...FAMILY, images: keyed })).images).toEqual(keyed);
  });

  test('can be parsed back to failures with their codes', async () => {
    const error = new VirtSimilarityError('in-use', 'a.raw is open for writing', { image: 'a.raw' });
    const [failure] = parseJsonReport(await jsonOf({ ...FAMILY, failures: [{ path: 'a.raw', error }] })).failures;
    expect(failure).toMatchObject({ path: 'a.raw', error: { code: 'in-use', message: error.message, image: 'a.raw' } });
  });

  test('can have unknown members', async () => {
    const text = await changed((report) => {
      report.host = 'kvm01';
      report.images[0].owner = 'root';
    });
    expect(parseJsonReport(text)).toEqual(FAMILY);
  });

  test.each<[string, (report: JsonValue) => void, string]>([
    ['of another version', (report) => (report.version = 2), 'and version 1, found'],
    ['without images', (report) => (report.images = []), 'expected at least one image, found none'],
    ['with too few distances', (report) => report.distances.pop(), 'expected 28 distances, found 27'],
    ['with a negative distance', (report) => (report.distances[3] = -1), 'expected distances of at least 0, found -1'],
    ['with too few merges', (report) => report.merges.pop(), 'expected 7 merges, found 6'],
    ['with a merge that is a part of itself', (report) => (report.merges[0].right = 8), 'a cluster below 8, found 8'],
    [
      'with a cluster in two merges',
      (report) => (report.merges[1].left = report.merges[0].left),
      'to be one tree of 8',
    ],
    ['with an image in two clusters', (report) => report.clusters.at(-1).children.push(0), 'clusters to be one tree'],
    [
      'with two images of one name',
      (report) => (report.images[1].name = report.images[0].name),
      "with different names, found 'base.qcow2' twice",
    ],
    [
      'with the part of the larger number first',
      exchangeParts,
      'expected merge 0 to name the part of the smaller number first, found 6 and 5',
    ],
    ['with a wrong size', (report) => (report.merges[6].size = 7), 'expected merge 6 to have the size 8, found 7'],
    ['with a wrong value of inverted', (report) => (report.inverted = true), 'expected inverted to be false'],
    [
      'without the member inverted',
      (report) => delete report.inverted,
      'expected inverted as true or false, found undefined',
    ],
    [
      'with a merge whose height differs from that of its cluster',
      (report) => (report.merges[3].height = 214),
      'expected merge 3 to have height 213, as cluster 10 has, found 214',
    ],
    [
      'with clusters of another tree',
      exchangeImages,
      'to be the same tree, found that merge 0 joins parts of clusters',
    ],
    [
      'with two clusters for connected merges of one height',
      (report) => (report.merges[3].height = report.merges[2].height = report.clusters[2].height = 17),
      'expected merges 2 and 3 of height 17 in one cluster, found two',
    ],
    [
      'with text instead of a number',
      (report) => (report.images[0].dataBlocks = '7'),
      "expected dataBlocks as a whole number, found '7'",
    ],
    ['with a number instead of text', (report) => (report.parameters.unit = 7), 'expected unit as text, found 7'],
    [
      'with an image that is not an object',
      (report) => (report.images[0] = []),
      'expected an image as an object, found []',
    ],
    ['with failures that are not a list', (report) => (report.failures = {}), 'expected failures as a list, found {}'],
  ])('%s is refused as corrupt', async (_, change, message) => {
    const text = await changed(change);
    expect(() => parseJsonReport(text)).toThrow(message);
    expect(() => parseJsonReport(text)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  test.each(['', '{', '[]', 'null', '7', '"virt-similarity-report"'])('%j is not a report', (text) => {
    expect(() => parseJsonReport(text)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });
});
