import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { type Analysis, cutDendrogram, VirtSimilarityError, widestGapCut } from '@virt-similarity/core';
import { JsonReporter } from '@virt-similarity/reporters';
import { reporterContract, reportText, sampleAnalysis } from '@virt-similarity/testing';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { analyses, caterpillar, FAMILY, hostileName } from '../../fixtures/analysis.js';
import { expectGolden } from '../../fixtures/golden.js';

const reporter = new JsonReporter();
const schemaFile = createRequire(import.meta.url).resolve('@virt-similarity/reporters/report-v1.schema.json');
const schema = JSON.parse(readFileSync(schemaFile, 'utf8'));
const validate = new Ajv2020({ allErrors: true }).compile(schema);

const FAILED: Analysis = {
  ...FAMILY,
  images: FAMILY.images.map((image, index) => (index === 0 ? { ...image, vectorKey: '0123456789abcdef' } : image)),
  failures: [
    { path: 'gone.raw', error: new VirtSimilarityError('unreadable', '[raw] cannot open gone.raw: no such file') },
  ],
};

async function report(analysis: Analysis) {
  const value = JSON.parse(await reportText(reporter.report(analysis)));
  validate(value);
  expect(validate.errors).toBeNull();
  return value;
}

describe('JsonReporter', () => {
  for (const { title, run } of reporterContract(() => new JsonReporter())) {
    test(title, run);
  }

  test('writes a family with a failure as in its golden file', async () => {
    expectGolden('family.json', await reportText(reporter.report(FAILED)));
  });

  test('writes no member that the published schema does not describe', async () => {
    const closed = JSON.parse(JSON.stringify(schema), (_, value) =>
      value?.type === 'object' ? { ...value, additionalProperties: false } : value,
    );
    const valid = new Ajv2020({ allErrors: true }).compile({ ...closed, $id: 'closed' });
    valid(await report(FAILED));
    expect(valid.errors).toBeNull();
  });

  test('writes a single image with empty lists', async () => {
    expect(await report(sampleAnalysis(['alone'], []))).toMatchObject({ distances: [], merges: [], clusters: [] });
  });

  test('lists the images below every cluster in the order of drawing', async () => {
    const { clusters } = await report(FAMILY);
    expect(clusters.at(-1)).toEqual({
      cluster: 13,
      height: 16384,
      children: [11, 12],
      images: [0, 1, 2, 3, 4, 5, 6, 7],
    });
    expect(clusters[0]).toEqual({ cluster: 8, height: 0, children: [5, 6, 7], images: [5, 6, 7] });
  });

  test('preserves every value of any analysis', async () => {
    await fc.assert(
      fc.asyncProperty(analyses(hostileName), async (analysis) => {
        const value = await report(analysis);
        const { dendrogram } = analysis;
        const clusters = cutDendrogram(dendrogram, widestGapCut(dendrogram));
        expect(value.images).toEqual(
          analysis.images.map((image, index) => ({ ...image, cluster: clusters[index]! + 1 })),
        );
        expect(value.distances).toEqual([...analysis.distances.values]);
        expect(value.merges).toEqual(analysis.dendrogram.merges);
        expect(value.parameters).toEqual(analysis.parameters);
        expect(
          value.clusters.map((cluster: object) => ({ ...cluster, cluster: undefined, images: undefined })),
        ).toEqual(analysis.cladogram.nodes);
      }),
    );
  });

  test('numbers the clusters of a chosen cut', async () => {
    const { images } = JSON.parse(await reportText(reporter.report(FAMILY, { cut: 300 })));
    expect(images.map(({ cluster }: { cluster: number }) => cluster)).toEqual([1, 1, 1, 2, 3, 4, 4, 4]);
  });

  test('is valid UTF-8 and safe for a terminal, for any names', async () => {
    await fc.assert(
      fc.asyncProperty(analyses(hostileName), async (analysis) => {
        const text = await reportText(reporter.report(analysis));
        expect(Buffer.from(text).toString()).toBe(text);
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
      }),
    );
  });

  test('yields large arrays in many pieces', () => {
    const size = 500;
    const values = new Float64Array((size * (size - 1)) / 2).fill(0.1);
    const pieces = [...reporter.report({ ...caterpillar(size), distances: { size, values } })];
    expect(pieces.length).toBeGreaterThan(3 * size);
    expect(JSON.parse(pieces.join('')).distances).toHaveLength(values.length);
  });
});
