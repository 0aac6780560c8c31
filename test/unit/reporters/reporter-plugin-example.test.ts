import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { Constructor, Reporter } from '@virt-similarity/core';
import {
  HOSTILE_NAMES,
  reporterContract,
  reportText,
  sampleAnalysis,
  sampleCaterpillar,
} from '@virt-similarity/testing';
import { FAMILY } from '../../fixtures/analysis.js';

/** The example is JavaScript without declarations, like a user's plugin, so it is imported by its URL. */
const example = new URL('../../../../examples/reporter-plugin/index.js', import.meta.url);
const readme = new URL('../../../../packages/reporters/README.md', import.meta.url);

const plugin: { name: string; url: string; reporters: { nearest: Constructor<Reporter> } } = (
  await import(example.href)
).default;
const NearestReporter = plugin.reporters.nearest;

describe('the reporter plugin example', () => {
  for (const { title, run } of reporterContract(() => new NearestReporter())) {
    test(title, run);
  }

  test('lists the nearest relative of every image', async () => {
    const rows = (await reportText(new NearestReporter().report(FAMILY, {}))).split('\n');
    expect(rows.slice(0, 5)).toEqual([
      '| image | nearest relative | blocks apart |',
      '| --- | --- | ---: |',
      '| base.qcow2 | web-1.qcow2 | 213 |',
      '| web-1.qcow2 | web-2.qcow2 | 17 |',
      '| web-2.qcow2 | web-1.qcow2 | 17 |',
    ]);
  });

  test('leaves the relative of a single image empty', async () => {
    const text = await reportText(new NearestReporter().report(sampleAnalysis(['alone'], []), {}));
    expect(text.split('\n')[2]).toBe('| alone |  |  |');
  });

  test('writes one row for each image, for any names', async () => {
    const text = await reportText(new NearestReporter().report(sampleCaterpillar(HOSTILE_NAMES), {}));
    const rows = text.split('\n').slice(2, -1);
    expect(rows).toHaveLength(HOSTILE_NAMES.length);
    expect(rows.every((row) => /^\|[^|]*\|[^|]*\|[^|]*\|$/.test(row))).toBe(true);
  });

  test('is included completely in the README', () => {
    expect(readFileSync(readme, 'utf8')).toContain(`\`\`\`js\n${readFileSync(example, 'utf8')}\`\`\`\n`);
  });
});
