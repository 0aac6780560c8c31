import { describe, expect, test } from '@jest/globals';
import type { OptionValues } from '@virt-similarity/core';
import { HtmlReporter, NexusReporter, PhyloXmlReporter, SvgReporter } from '@virt-similarity/reporters';
import {
  HOSTILE_NAMES,
  reporterContract,
  reportText,
  sampleAnalysis,
  sampleCaterpillar,
} from '@virt-similarity/testing';
import { caterpillar, FAMILY } from '../../fixtures/analysis.js';
import { expectGolden } from '../../fixtures/golden.js';

const REPORTERS = {
  nexus: () => new NexusReporter(),
  phyloxml: () => new PhyloXmlReporter(),
  svg: () => new SvgReporter(),
  html: () => new HtmlReporter(),
};

for (const [name, create] of Object.entries(REPORTERS)) {
  describe(`the reporter ${name}`, () => {
    for (const { title, run } of reporterContract(create)) {
      test(title, run);
    }
  });
}

for (const name of ['nexus', 'phyloxml', 'svg'] as const) {
  describe(`the reporter ${name}`, () => {
    test('writes a family as in its golden file', async () => {
      const reporter = REPORTERS[name]();
      expectGolden(`family${reporter.extension}`, await reportText(reporter.report(FAMILY, { clusters: 2 })));
    });

    test('writes a tree of 10,000 levels without recursion', async () => {
      const distances = { size: 10_000, values: new Float64Array(0) };
      const text = await reportText(REPORTERS[name]().report({ ...caterpillar(10_000), distances }, {}));
      expect(text.length).toBeGreaterThan(200_000);
    });
  });
}

describe('trees with branch lengths', () => {
  const inverted = sampleAnalysis(
    ['a', 'b', 'c'],
    [
      [0, 1, 10],
      [2, 3, 9],
    ],
  );

  test('have the same scale in svg for the tree and the axis, even if the root is lower than its parts', async () => {
    const text = await reportText(new SvgReporter().report(inverted, {}));
    const root = /d="M([\d.]+) [\d.]+V/g;
    const [, [, rootAt] = []] = text.matchAll(root);
    const ticks = [...text.matchAll(/text-anchor="middle" x="([\d.]+)" y="\d+">([\d.]+)</g)].map(([, x, height]) => [
      Number(x),
      Number(height),
    ]);
    const [zero, other] = [ticks[0]!, ticks.at(-1)!];
    const pixels = (zero[0]! - other[0]!) / other[1]!;
    expect(zero[0]! - pixels * 9).toBeCloseTo(Number(rootAt), 1);
  });

  test.each(['nexus', 'phyloxml'] as const)('are refused by %s if a branch is negative', async (name) => {
    const reporter = REPORTERS[name]();
    await expect(reportText(reporter.report(inverted, {}))).rejects.toMatchObject({ code: 'usage' });
    expect(await reportText(reporter.report(inverted, { 'negative-branches': true }))).toContain('-0.5');
  });
});

describe('SvgReporter', () => {
  test('draws one cell for each pair of images on request', async () => {
    const text = await reportText(new SvgReporter().report(FAMILY, { 'heat-map': true }));
    expect(text.match(/<rect x=/g)).toHaveLength(64);
  });
});

describe('HtmlReporter', () => {
  test('contains no text of a name outside quotes', async () => {
    const text = await reportText(new HtmlReporter().report(sampleCaterpillar([...HOSTILE_NAMES, '</script><b>']), {}));
    const data = /id="data">(.*?)<\/script>/s.exec(text)![1]!;
    expect(data).not.toContain('<');
    expect((JSON.parse(data) as { names: string[] }).names.at(-1)).toBe('</script><b>');
    expect(text).not.toContain('<b>"');
  });

  test('begins with the cut that the user chose, and refuses an impossible cut', async () => {
    const cutOf = async (options: OptionValues) => {
      const text = await reportText(new HtmlReporter().report(FAMILY, options));
      return (JSON.parse(/id="data">(.*?)<\/script>/s.exec(text)![1]!) as { cut: number }).cut;
    };
    expect(await cutOf({})).toBe((9000.125 + 16384) / 2);
    expect(await cutOf({ clusters: 4 })).toBe((213 + 2048) / 2);
    expect(await cutOf({ cut: 20 })).toBe(20);
    await expect(cutOf({ clusters: 9 })).rejects.toMatchObject({ code: 'usage' });
    await expect(cutOf({ clusters: 2, cut: 20 })).rejects.toMatchObject({ code: 'usage' });
  });

  test('allows only its own script and style, and no requests', async () => {
    const text = await reportText(new HtmlReporter().report(FAMILY, {}));
    expect(text).toMatch(/content="default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; base-uri/);
    expect(text.match(/\b(src|href)="/g)).toBeNull();
  });
});
