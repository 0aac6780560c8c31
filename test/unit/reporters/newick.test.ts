import { describe, expect, test } from '@jest/globals';
import { type OptionValues, plainText } from '@virt-similarity/core';
import { NewickReporter } from '@virt-similarity/reporters';
import {
  HOSTILE_NAMES,
  reporterContract,
  reportText,
  sampleAnalysis,
  sampleCaterpillar,
} from '@virt-similarity/testing';
import fc from 'fast-check';
import { analyses, caterpillar, FAMILY, hostileName } from '../../fixtures/analysis.js';
import { expectGolden } from '../../fixtures/golden.js';
import { unescaped } from '../../fixtures/unescaped.js';

const reporter = new NewickReporter();

const INVERTED = sampleAnalysis(
  ['a', 'b', 'c'],
  [
    [0, 1, 10],
    [2, 3, 9],
  ],
  { parameters: { ...FAMILY.parameters, linkage: 'centroid' } },
);

async function labelRows(names: readonly string[], options: OptionValues = {}): Promise<string[][]> {
  const analysis = sampleCaterpillar(names, {
    images: names.map((name) => ({ ...FAMILY.images[0]!, name, path: name })),
  });
  const table = await reportText(reporter.companion.report(analysis, options));
  expect(table.endsWith('\n')).toBe(true);
  const [head, ...rows] = table
    .slice(0, -1)
    .split('\n')
    .map((line) => line.split('\t'));
  expect(head).toEqual(['label', 'name', 'path', 'cluster', 'nearest', 'distance', 'size', 'data', 'format']);
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
      `((a:1e-7,b:1e-7):${(2 / 3 - 2e-7) / 2},c:0.3333333333333333);\n`,
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
      '((a:5,b:5):-0.5,c:4.5);\n',
    );
  });

  test('transliterates labels, with a hyphen for each run of other characters', async () => {
    expect(await labels('Café_1 (prod).img', '--option', 'Größe', '日本', 'сервер.img')).toEqual([
      'Cafe-1-prod-.img',
      'option',
      'Grosse',
      'RiBen',
      'server.img',
    ]);
  });

  test('labels an image by its number if no character of its name remains', async () => {
    expect(await labels('a', '', ' ', '___')).toEqual(['a', 'image-2', 'image-3', 'image-4']);
    expect(await labels('image-2', '')).toEqual(['image-2', 'image-2-2']);
  });

  test('creates no label that readers take for a number, a missing value or a logical value', async () => {
    const values = ['12', '1.5', '1e5', '-3', '0x1F', 'NA', 'nan', 'null', 'True', 'Inf', '１２', 'N.A.'];
    for (const label of await labels(...values)) {
      expect(label).toMatch(/^image-[A-Za-z0-9.-]+$/);
    }
    expect(await labels('12a', 'e5', 'web-12', '1-2')).toEqual(['12a', 'e5', 'web-12', '1-2']);
  });

  test('gives the root a length only if it has three or more children', async () => {
    const three = sampleAnalysis(
      ['a', 'b', 'c'],
      [
        [0, 1, 4],
        [2, 3, 4],
      ],
    );
    expect(await reportText(reporter.report(three, {}))).toBe('(a:2,b:2,c:2):0;\n');
    expect(await reportText(reporter.report(three, { binary: true }))).toBe('((a:2,b:2):0,c:2);\n');
  });

  test('quotes only names that need it', async () => {
    const analysis = sampleAnalysis(['web-1.img', 'a_b'], [[0, 1, 2]]);
    expect(await reportText(reporter.report(analysis, { dialect: 'quoted' }))).toBe("(web-1.img:1,'a_b':1);\n");
  });

  test('writes clusters, nearest images and sizes into the table', async () => {
    const rows = async (options: OptionValues) =>
      (await reportText(reporter.companion.report(FAMILY, options))).split('\n').map((line) => line.split('\t'));
    expect((await rows({ clusters: 3 })).slice(1, -1).map((row) => row[3])).toEqual([...'11112333']);
    expect((await rows({ cut: 17 })).slice(1, -1).map((row) => row[3])).toEqual([...'12234555']);
    expect((await rows({}))[4]!.slice(4)).toEqual(['base.qcow2', '2048', '1073743360', '65732608', '']);
    await expect(rows({ clusters: 9 })).rejects.toMatchObject({ code: 'usage' });
    await expect(rows({ clusters: 2, cut: 5 })).rejects.toMatchObject({ code: 'usage' });
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
    const omitted = (names: readonly string[], options: OptionValues, isCompanionWritten = false) =>
      [...reporter.warnings(sampleCaterpillar(names), options, { isCompanionWritten })].map((line) => plainText(line));
    expect(omitted(['web 1.img', 'web-1.img', 'b'], {})).toEqual([
      '1 of 3 labels differ from the names of their images, and the table of names is not written; write it with `companion`',
    ]);
    expect(omitted(['web 1.img', 'web-1.img', 'b'], {}, true)).toEqual([]);
    expect(omitted(['web-1.img', 'b'], {})).toEqual([]);
    expect(omitted(['web 1.img', 'b'], { dialect: 'quoted' })).toEqual([]);
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

  test('keeps labels short enough for readers with fixed buffers, and shorter on request', async () => {
    const names = ['x'.repeat(5000), `${'x'.repeat(4999)}y`];
    expect(await labels(...names)).toEqual(['x'.repeat(99), `${'x'.repeat(97)}-2`]);
    const rows = await labelRows([...names, 'long-name-a', 'long-name-b', 'short'], { 'label-length': 8 });
    expect(rows.map(([label]) => label)).toEqual(['xxxxxxxx', 'xxxxxx-2', 'long-nam', 'long-n-2', 'short']);
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

  test('writes no line break or control character within a label, in any dialect', async () => {
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
    expect(text.endsWith(',image-9999:4999.5);\n')).toBe(true);
  });
});
