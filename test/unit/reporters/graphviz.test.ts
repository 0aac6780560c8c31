import { describe, expect, test } from '@jest/globals';
import { GraphvizReporter } from '@virt-similarity/reporters';
import { reporterContract, reportText, sampleAnalysis } from '@virt-similarity/testing';
import { caterpillar, FAMILY } from '../../fixtures/analysis.js';
import { expectGolden } from '../../fixtures/golden.js';

const reporter = new GraphvizReporter();

async function leafLabel(name: string): Promise<string> {
  const text = await reportText(reporter.report(sampleAnalysis([name], [])));
  return / n0 \[label=(.*)\];\n/.exec(text)![1]!;
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

  test('writes no text that Graphviz takes for an entity, and leaves angle brackets alone', async () => {
    expect(await leafLabel('<b>&amp;</b>')).toBe('"<b>&amp;amp;</b>"');
    expect(await leafLabel('<script>R&D</script>.img')).toBe('"<script>R&D</script>.img"');
  });

  test('shows a newline in a name as an escape', async () => {
    expect(await leafLabel('two\nlines')).toBe('"two\\\\x0alines"');
  });

  test('separates attributes by commas, and writes distances and lengths as numbers', async () => {
    const text = await reportText(reporter.report(FAMILY));
    expect(text).not.toMatch(/\[[^\]]*;/);
    expect(text).toContain('n9 [label="17", distance=17];');
    expect(text).toContain('n9 -- n1 [length=8.5, len=0.1];');
  });

  test('aligns leaves only in a tree of few levels', async () => {
    expect(await reportText(reporter.report(caterpillar(30)))).toContain('rank="same"');
    expect(await reportText(reporter.report(caterpillar(40)))).not.toContain('rank=');
  });

  test('writes a tree of 10,000 levels', async () => {
    const text = await reportText(reporter.report(caterpillar(10_000)));
    expect(text.match(/ -- /g)).toHaveLength(2 * 9_999);
  });
});
