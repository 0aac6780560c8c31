import { describe, expect, test } from '@jest/globals';
import { reporterContract, sampleAnalysis } from '@virt-similarity/contract-tests';
import { GraphvizReporter } from '@virt-similarity/reporters';
import { caterpillar, FAMILY } from '../../fixtures/analysis.js';
import { expectGolden } from '../../fixtures/golden.js';
import { reportText } from '../../fixtures/report-text.js';

const reporter = new GraphvizReporter();

async function leafLabel(name: string): Promise<string> {
  const text = await reportText(reporter.report(sampleAnalysis([name], [])));
  return /"n0" \[\s+label = (.*);\n/.exec(text)![1]!;
}

describe('GraphvizReporter', () => {
  for (const { title, run } of reporterContract(() => new GraphvizReporter())) {
    test(title, run);
  }

  test('writes a family as in its golden file', async () => {
    expectGolden('family.dot', await reportText(reporter.report(FAMILY)));
  });

  test('escapes quotes and doubles every backslash, even before a quote and at the end', async () => {
    expect(await leafLabel('say "hi"')).toBe('"say \\"hi\\""');
    expect(await leafLabel('\\"')).toBe('"\\\\\\""');
    expect(await leafLabel('C:\\N\\')).toBe('"C:\\\\N\\\\"');
  });

  test('writes neither HTML nor entities', async () => {
    expect(await leafLabel('<b>&amp;</b>')).toBe('"&lt;b>&amp;amp;</b>"');
    expect(await leafLabel(' <b> ')).toBe('" &lt;b> "');
  });

  test('does not escape angle brackets and ampersands without a meaning', async () => {
    expect(await leafLabel('<script>R&D</script>.img')).toBe('"<script>R&D</script>.img"');
  });

  test('shows a newline in a name as an escape', async () => {
    expect(await leafLabel('two\nlines')).toBe('"two\\\\x0alines"');
  });

  test('writes trees of any size and depth', async () => {
    const text = await reportText(reporter.report(caterpillar(10_000)));
    expect(text.match(/ -- /g)).toHaveLength(2 * 9_999);
  });
});
