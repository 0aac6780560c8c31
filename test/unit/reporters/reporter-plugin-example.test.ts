import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { HOSTILE_NAMES, reporterContract, sampleAnalysis, sampleCaterpillar } from '@virt-similarity/contract-tests';
import type { Constructor, Reporter } from '@virt-similarity/core';
import { FAMILY } from '../../fixtures/analysis.js';
import { reportText } from '../../fixtures/report-text.js';

/** The example is JavaScript without declarations, as its authors would have it: so it is imported by its address. */
const example = new URL('../../../../examples/reporter-plugin/index.js', import.meta.url);
const readme = new URL('../../../../packages/reporters/README.md', import.meta.url);

const plugin: { name: string; url: string; reporters: { nearest: Constructor<Reporter> } } = (
  await import(example.href)
).default;
const NearestReporter = plugin.reporters.nearest;

describe('the example of a reporter plugin', () => {
  for (const { title, run } of reporterContract(() => new NearestReporter())) {
    test(title, run);
  }

  test('tells the nearest relative of every image', async () => {
    const rows = (await reportText(new NearestReporter().report(FAMILY, {}))).split('\n');
    expect(rows.slice(0, 5)).toEqual([
      '| image | nearest relative | blocks apart |',
      '| --- | --- | ---: |',
      '| base.qcow2 | web-1.qcow2 | 213 |',
      '| web-1.qcow2 | web-2.qcow2 | 17 |',
      '| web-2.qcow2 | web-1.qcow2 | 17 |',
    ]);
  });

  test('leaves the relative of a single image open', async () => {
    const text = await reportText(new NearestReporter().report(sampleAnalysis(['alone'], []), {}));
    expect(text.split('\n')[2]).toBe('| alone |  |  |');
  });

  test('keeps one row for each image, whatever their names', async () => {
    const text = await reportText(new NearestReporter().report(sampleCaterpillar(HOSTILE_NAMES), {}));
    const rows = text.split('\n').slice(2, -1);
    expect(rows).toHaveLength(HOSTILE_NAMES.length);
    expect(rows.every((row) => /^\|[^|]*\|[^|]*\|[^|]*\|$/.test(row))).toBe(true);
  });

  test('stands whole in the README', () => {
    expect(readFileSync(readme, 'utf8')).toContain(`\`\`\`js\n${readFileSync(example, 'utf8')}\`\`\`\n`);
  });
});
