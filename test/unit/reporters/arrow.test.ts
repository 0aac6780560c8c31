import { describe, expect, test } from '@jest/globals';
import { condensedIndex, terminalText } from '@virt-similarity/core';
import { ArrowReporter, DistancesReporter } from '@virt-similarity/reporters';
import { HOSTILE_NAMES, reportBytes, reporterContract, sampleCaterpillar } from '@virt-similarity/testing';
import { tableFromIPC } from 'apache-arrow';
import { FAMILY } from '../../fixtures/analysis.js';

describe.each([
  ['distances', new DistancesReporter()],
  ['matrix', new ArrowReporter()],
])('the Arrow report of the %s', (_, reporter) => {
  for (const { title, run } of reporterContract(() => reporter)) {
    test(title, run);
  }

  test('distinguishes names of any characters', async () => {
    const analysis = sampleCaterpillar(HOSTILE_NAMES);
    const table = tableFromIPC(await reportBytes(reporter.report(analysis, {})));
    const names = new Set(table.toArray().flatMap(({ image, other }) => [image, other]));
    names.delete(undefined);
    expect([...names].toSorted()).toEqual(HOSTILE_NAMES.map((name) => terminalText(name)).toSorted());
  });
});

test('the matrix has the distances of all pairs, and metadata that describes them', async () => {
  const table = tableFromIPC(await reportBytes(new ArrowReporter().report(FAMILY, { clusters: 3 })));
  const { size, values } = FAMILY.distances;
  for (const [row, { distances }] of table.toArray().entries()) {
    const expected = Array.from({ length: size }, (_, column) =>
      row === column ? 0 : values[condensedIndex(size, row, column)],
    );
    expect([...distances]).toEqual(expected);
  }
  const { metric, unit, linkage } = FAMILY.parameters;
  expect(Object.fromEntries(table.schema.metadata)).toMatchObject({
    'virt-similarity.report': 'matrix',
    'virt-similarity.metric': metric,
    'virt-similarity.unit': unit,
    'virt-similarity.linkage': linkage,
  });
});
