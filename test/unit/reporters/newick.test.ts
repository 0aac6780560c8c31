import { describe, expect, test } from '@jest/globals';
import { HOSTILE_NAMES, reporterContract, sampleAnalysis, sampleCaterpillar } from '@virt-similarity/contract-tests';
import type { OptionValues } from '@virt-similarity/core';
import { NewickReporter } from '@virt-similarity/reporters';
import fc from 'fast-check';
import { analyses, caterpillar, FAMILY, hostileName } from '../../fixtures/analysis.js';
import { expectGolden } from '../../fixtures/golden.js';
import { reportText, unescaped } from '../../fixtures/report-text.js';

const reporter = new NewickReporter();

const INVERTED = sampleAnalysis(
  ['a', 'b', 'c'],
  [
    [0, 1, 10],
    [2, 3, 9],
  ],
  { parameters: { ...FAMILY.parameters, linkage: 'centroid' } },
);

async function labelRows(names: readonly string[]): Promise<string[][]> {
  const analysis = {
    ...sampleAnalysis(['x'], []),
    images: names.map((name) => ({ ...FAMILY.images[0]!, name, path: name })),
  };
  const table = await reportText(reporter.companion.report(analysis, {}));
  expect(table.endsWith('\n')).toBe(true);
  const [head, ...rows] = table
    .slice(0, -1)
    .split('\n')
    .map((line) => line.split('\t'));
  expect(head).toEqual(['label', 'name', 'path']);
  return rows;
}

async function labels(...names: string[]): Promise<string[]> {
  return (await labelRows(names)).map(([label]) => label!);
}

describe('NewickReporter', () => {
  for (const { title, run } of reporterContract(() => new NewickReporter())) {
    test(title, run);
  }

  test('writes a family as in its golden file', async () => {
    expectGolden('family.nwk', await reportText(reporter.report(FAMILY, {})));
  });

  test('writes the table of names as in its golden file', async () => {
    expectGolden('family.names.tsv', await reportText(reporter.companion.report(FAMILY, {})));
  });

  test('writes a family in the quoted dialect as in its golden file, without a table', async () => {
    expectGolden('family-quoted.nwk', await reportText(reporter.report(FAMILY, { dialect: 'quoted' })));
    expect(await reportText(reporter.companion.report(FAMILY, { dialect: 'quoted' }))).toBe('');
  });

  test('writes tied merges with --binary as binary nodes with branches of length 0', async () => {
    expectGolden('family-binary.nwk', await reportText(reporter.report(FAMILY, { binary: true })));
  });

  test('writes a single image as a tree of one leaf', async () => {
    expect(await reportText(reporter.report(sampleAnalysis(['a'], []), {}))).toBe('(a:0);\n');
  });

  test('writes lengths at full precision', async () => {
    const analysis = sampleAnalysis(
      ['a', 'b', 'c'],
      [
        [0, 1, 2e-7],
        [3, 2, 2 / 3],
      ],
    );
    expect(await reportText(reporter.report(analysis, {}))).toBe(
      `((a:1e-7,b:1e-7):${(2 / 3 - 2e-7) / 2},c:0.3333333333333333):0;\n`,
    );
  });

  test('refuses negative branches, with a remedy', async () => {
    await expect(reportText(reporter.report(INVERTED, {}))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/^\[newick\] .*centroid.*choose .* or allow `'negative-branches': true`$/),
    });
  });

  test('writes negative branches with negative-branches', async () => {
    expect(await reportText(reporter.report(INVERTED, { 'negative-branches': true }))).toBe(
      '((a:5,b:5):-0.5,c:4.5):0;\n',
    );
  });

  test('creates safe labels without accents, with a hyphen for each run of other characters', async () => {
    expect(await labels('Café_1 (prod).img', '--option', '日本', '', ' ')).toEqual([
      'Cafe-1-prod-.img',
      'option',
      'image',
      'image-2',
      'image-3',
    ]);
  });

  test('distinguishes labels that differ only in case or look like numbered labels', async () => {
    expect(await labels('a b', 'A_b', 'a-b-2', 'a!b', 'A-B-2')).toEqual([
      'a-b',
      'A-b-3',
      'a-b-2-2',
      'a-b-4',
      'A-B-2-3',
    ]);
  });

  test('uses a label that equals the name of an image only for that image, ignoring case', async () => {
    expect(await labels('web 1.img', 'web-1.img')).toEqual(['web-1.img-2', 'web-1.img']);
    expect(await labels('WEB 1.img', 'web-1.img')).toEqual(['WEB-1.img-2', 'web-1.img']);
    expect(await labels('web', 'Web', 'web-2')).toEqual(['web-3', 'Web-4', 'web-2']);
  });

  test('creates labels that are unambiguous regardless of case and of other names, for any names', async () => {
    const near = fc
      .array(fc.constantFrom('a', 'A', ' ', '-', '2', '-2', '-3', '.', '_', 'é', '\u212a', 'k', 'ſ', 'S'), {
        maxLength: 5,
      })
      .map((parts) => parts.join(''));
    const names = fc.uniqueArray(fc.oneof(near, hostileName), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(names, async (some) => {
        const created = await labels(...some);
        expect(new Set(created.map((label) => label.toLowerCase())).size).toBe(some.length);
        for (const [index, label] of created.entries()) {
          for (const [other, name] of some.entries()) {
            expect(other !== index && name.toLowerCase() === label.toLowerCase()).toBe(false);
          }
        }
      }),
    );
  });

  test('reports how many labels differ from names, in the dialect that changes them', async () => {
    const omission = (names: readonly string[], options: OptionValues) =>
      reportText(reporter.companion.omission!(sampleCaterpillar(names), options));
    expect(await omission(['web 1.img', 'web-1.img', 'b'], {})).toBe(
      '1 of 3 labels differ from the names of their images, and the table of names is not written',
    );
    expect(await omission(['web-1.img', 'b'], {})).toBe('');
    expect(await omission(['web 1.img', 'b'], { dialect: 'quoted' })).toBe('');
  });

  test('writes no cell that a spreadsheet would evaluate or a table parser would merge with others', async () => {
    const rows = await labelRows(['=1+1', '-x', '+1', '@f', '"a', "'b", 'c#d', ' e ', '\uff1d1', 'a\\', 'f=1']);
    expect(rows.map(([, name]) => name)).toEqual([
      '\\x3d1+1',
      '\\x2dx',
      '\\x2b1',
      '\\x40f',
      '\\x22a',
      '\\x27b',
      'c\\x23d',
      '\\x20e\\x20',
      '\\u{ff1d}1',
      'a\\\\',
      'f=1',
    ]);
  });

  test('keeps labels short enough for readers with fixed buffers', async () => {
    const [one, other] = await labels('x'.repeat(5000), `${'x'.repeat(4999)}y`);
    expect(one).toBe('x'.repeat(100));
    expect(other).toBe(`${'x'.repeat(100)}-2`);
  });

  test('creates safe, unique labels for any names, with a table that maps them back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(hostileName, { minLength: 1, maxLength: 30 }), async (names) => {
        const rows = await labelRows(names);
        for (const [label] of rows) {
          expect(label).toMatch(/^[A-Za-z0-9.-]+$/);
        }
        expect(new Set(rows.map(([label]) => label!.toLowerCase())).size).toBe(names.length);
        expect(rows.map(([, name, path]) => [unescaped(name!), unescaped(path!)])).toEqual(
          names.map((name) => [name, name]),
        );
      }),
    );
  });

  test('writes no line break or terminator within a label, in any dialect', async () => {
    await fc.assert(
      fc.asyncProperty(analyses(hostileName), fc.constantFrom('safe', 'quoted'), async (analysis, dialect) => {
        const text = await reportText(reporter.report(analysis, { dialect }));
        expect(text.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  test('doubles single quotes in the quoted dialect', async () => {
    const analysis = sampleAnalysis([HOSTILE_NAMES[0]!], []);
    expect(await reportText(reporter.report(analysis, { dialect: 'quoted' }))).toBe(
      `('it''s "quoted" (prod), [disk:1]; {x}=|y_z':0);\n`,
    );
  });

  test('writes a tree of 10,000 levels without recursion', async () => {
    const text = await reportText(reporter.report(caterpillar(10_000), {}));
    expect(text.startsWith('('.repeat(9_999))).toBe(true);
    expect(text.endsWith(',image-9999:4999.5):0;\n')).toBe(true);
  });
});
