import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { OptionValues } from '@virt-similarity/core';
import { AsciiReporter, loadWidthOf } from '@virt-similarity/reporters';
import { reporterContract, reportText, sampleAnalysis } from '@virt-similarity/testing';
import fc from 'fast-check';
import { analyses, caterpillar, FAMILY, hostileName } from '../../fixtures/analysis.js';
import { expectGolden } from '../../fixtures/golden.js';
import { unescaped } from '../../fixtures/unescaped.js';

const reporter = new AsciiReporter();
const widthOf = await loadWidthOf();
/** Matches the escape sequence of a color. */
const COLOR = new RegExp(`${String.fromCharCode(27)}\\[(\\d+)m`);

describe('AsciiReporter', () => {
  for (const { title, run } of reporterContract(() => new AsciiReporter())) {
    test(title, run);
  }

  test('draws like the first virt-similarity, including trailing blanks', async () => {
    const analysis = sampleAnalysis(
      ['a.img', 'b.img', 'c.img'],
      [
        [0, 1, 5],
        [2, 3, 9],
      ],
    );
    expect((await reportText(reporter.report(analysis, {}))).split('\n')).toEqual([
      '---+------+------ a.img',
      '   |      |   ',
      '   |      +------ b.img',
      '   |          ',
      '   +------ c.img',
      '       ',
      '',
    ]);
  });

  test.each([{ heights: true }, { drawing: 'unicode' }, { compact: true }])(
    'with %j, ends no line with blanks',
    async (options) => {
      expect(await reportText(reporter.report(FAMILY, options))).not.toMatch(/ $/m);
    },
  );

  test('marks images whose ciphertext is compared', async () => {
    const [first, ...images] = FAMILY.images;
    const analysis = { ...FAMILY, images: [{ ...first!, encryption: 'ciphertext' as const }, ...images] };
    const text = await reportText(reporter.report(analysis, {}));
    expect(text).toContain('--- base.qcow2 (ciphertext)\n');
    expect(text.match(/ciphertext/g)).toHaveLength(1);
  });

  test('draws a family as in its golden file', async () => {
    expectGolden('family.txt', await reportText(reporter.report(FAMILY, {})));
  });

  test('draws a family with --heights as in its golden file', async () => {
    expectGolden('family-heights.txt', await reportText(reporter.report(FAMILY, { heights: true })));
  });

  test('draws one row for each image or group of equal images with --compact', async () => {
    expect((await reportText(reporter.report(FAMILY, { compact: true }))).split('\n')).toEqual([
      '-+--+--+- base.qcow2',
      ' |  |  `--+- web-1.qcow2',
      ' |  |     `- web-2.qcow2',
      ' |  `- db (test).vmdk',
      ' `--+- other.raw',
      '    `- twin-a.img = twin-b.img = twin-c.img',
      '',
    ]);
  });

  test('draws with lines of Unicode, heights and the clusters of a cut', async () => {
    const options = { compact: true, heights: true, drawing: 'unicode', clusters: 2 };
    expect((await reportText(reporter.report(FAMILY, options))).split('\n').slice(0, 3)).toEqual([
      '──16384─┬────2048─┬─────213─┬─ base.qcow2 [1]',
      '        │         │         └──────17─┬─ web-1.qcow2 [1]',
      '        │         │                   └─ web-2.qcow2 [1]',
    ]);
  });

  test('draws 120 nightly copies within the width, and reports what is left out', async () => {
    const lines = (await reportText(reporter.report(caterpillar(120), { compact: true, width: 80 }))).split('\n');
    expect(lines).toHaveLength(122);
    expect(Math.max(...lines.slice(0, 120).map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[120]).toBe('103 deeper groups are drawn without their branches; a larger width shows more.');
  });

  test('shortens names in the middle, according to their width on a terminal', async () => {
    const analysis = sampleAnalysis(
      ['a-rather-long-name-of-an-image.qcow2', '仮想マシンの日本語の名前です.qcow2', '短い'],
      [
        [0, 1, 3],
        [3, 2, 5],
      ],
    );
    const text = await reportText(reporter.report(analysis, { compact: true, width: 40 }));
    expect(text.split('\n')).toEqual([
      '-+--+- a-rather-long-na…f-an-image.qcow2',
      ' |  `- 仮想マシンの日本…の名前です.qcow2',
      ' `- 短い',
      '',
    ]);
  });

  test('draws every image once in a compact drawing of any width', async () => {
    await fc.assert(
      fc.asyncProperty(
        analyses(fc.stringMatching(/^[a-z]{1,8}$/)),
        fc.integer({ min: 40, max: 60 }),
        async (analysis, width) => {
          const text = await reportText(reporter.report(analysis, { compact: true, width }));
          const drawn = text.match(/[a-z]+/g)!.filter((word) => analysis.images.some(({ name }) => name === word));
          expect(drawn.sort()).toEqual(analysis.images.map(({ name }) => name).sort());
        },
      ),
    );
  });

  test('draws a single image as a leaf', async () => {
    const alone = sampleAnalysis(['alone.raw'], []);
    expect(await reportText(reporter.report(alone, {}))).toBe('--- alone.raw\n\n');
    expect(await reportText(reporter.report(alone, { heights: true }))).toBe('--- alone.raw\n\n');
  });

  test('shows heights with at most six significant digits, and without decimals from 100,000 on', async () => {
    const analysis = sampleAnalysis(
      ['a', 'b', 'c', 'd'],
      [
        [0, 1, 1 / 3],
        [4, 2, 98765.4321],
        [5, 3, 1234567.891],
      ],
    );
    const text = await reportText(reporter.report(analysis, { heights: true }));
    expect(text.split('\n')[0]).toBe('--- 1234568 -+------ 98765.4 -+----- 0.333333 -+------ a');
  });

  test('draws every leaf on a separate line, for any names', async () => {
    await fc.assert(
      fc.asyncProperty(analyses(hostileName), async (analysis) => {
        const lines = (await reportText(reporter.report(analysis, {}))).split('\n');
        expect(lines).toHaveLength(2 * analysis.images.length + 1);
        const names = lines
          .filter((_, row) => row % 2 === 0)
          .slice(0, -1)
          .map((line) => /--- (.*)$/.exec(line)![1]!);
        expect(names.map((name) => unescaped(name)).sort()).toEqual(analysis.images.map(({ name }) => name).sort());
      }),
    );
  });

  test('with --heights writes the height of every node, and keeps nodes aligned', async () => {
    await fc.assert(
      fc.asyncProperty(analyses(fc.uuid()), async (analysis) => {
        const text = await reportText(reporter.report(analysis, { heights: true }));
        const written = [...text.matchAll(/-- (\S+) -\+/g)].map(([, height]) => Number(height)).sort((a, b) => a - b);
        const heights = analysis.cladogram.nodes.map(({ height }) => height).sort((a, b) => a - b);
        expect(written).toHaveLength(heights.length);
        for (const [index, height] of heights.entries()) {
          expect(Math.abs(written[index]! - height)).toBeLessThanOrEqual(0.5);
        }
        const stem = text.indexOf('+');
        for (const line of text.split('\n')) {
          expect([...line.matchAll(/[+|]/g)].every(({ index }) => (index - stem) % (stem + 4) === 0)).toBe(true);
        }
      }),
    );
  });

  test('draws the first leaf of a tree of 10,000 levels without recursion', async () => {
    const { value: first } = await reporter.report(caterpillar(10_000), {}).next();
    expect(first).toBe(`${'---+'.padEnd(7, '-').repeat(9_999)}--- image-0\n${'   |   '.repeat(9_999)}\n`);
  });
});

describe('the drawing to scale', () => {
  const tree = sampleAnalysis(
    ['a', 'b', 'c', 'd'],
    [
      [0, 1, 25],
      [2, 3, 50],
      [4, 5, 100],
    ],
  );

  test('has each node in the column of its height', async () => {
    expect(await reportText(new AsciiReporter().report(tree, { scale: true, width: 43 }))).toBe(
      [
        '+-----------------------------+---------- a',
        '|                             +---------- b',
        '+-------------------+-------------------- c',
        '                    +-------------------- d',
        '100                                     0',
        'Heights: hamming distance in blocks, single linkage.',
        '',
      ].join('\n'),
    );
    const unicode = await reportText(new AsciiReporter().report(tree, { scale: true, width: 43, drawing: 'unicode' }));
    expect(unicode.split('\n').slice(0, 4)).toEqual([
      '┌─────────────────────────────┬────────── a',
      '│                             └────────── b',
      '└───────────────────┬──────────────────── c',
      '                    └──────────────────── d',
    ]);
  });

  test('has equal images at the right, even if all are equal', async () => {
    const equal = sampleAnalysis(['a', 'b'], [[0, 1, 0]]);
    const [first, second, axis] = (
      await reportText(new AsciiReporter().report(equal, { scale: true, width: 40 }))
    ).split('\n');
    expect([first, second, axis]).toEqual([`${' '.repeat(36)}+- a`, `${' '.repeat(36)}+- b`, `0${'0'.padStart(37)}`]);
  });

  test('shows clusters of several images in colors, even if names are shortened or equal images folded', async () => {
    const long = (name: string) => `${name}${'-'.repeat(60)}`;
    const analysis = sampleAnalysis(['a', 'b', 'c', 'd', 'e'].map(long), [
      [0, 1, 0],
      [2, 3, 2],
      [5, 6, 50],
      [4, 7, 90],
    ]);
    const painted = async (options: OptionValues) =>
      (await reportText(new AsciiReporter().report(analysis, { 'cluster-colors': true, ...options })))
        .split('\n')
        .filter((line) => /[a-e]-/.test(line))
        .map((line) => COLOR.exec(line)?.[1]);
    const [cyan, yellow] = ['36', '33'];
    for (const options of [{ width: 60 }, { scale: true, width: 60 }]) {
      expect((await painted(options)).toSorted()).toEqual([cyan, cyan, yellow, yellow, undefined].toSorted());
    }
    expect((await painted({ compact: true })).toSorted()).toEqual([cyan, yellow, yellow, undefined].toSorted());
    expect(await painted({ clusters: 1 })).toEqual([cyan, cyan, cyan, cyan, cyan]);
    const plain = await reportText(new AsciiReporter().report(analysis, { width: 60 }));
    const colored = await reportText(new AsciiReporter().report(analysis, { width: 60, 'cluster-colors': true }));
    expect(stripVTControlCharacters(colored)).toBe(plain);
  });

  test('measures ASCII names as string-width does', async () => {
    const text = 'web "1" ~ {0}';
    expect((await loadWidthOf([text]))(text)).toBe(widthOf(text));
  });

  test('has one row for each image, within the width, for any tree and names', async () => {
    await fc.assert(
      fc.asyncProperty(analyses(hostileName), fc.integer({ min: 40, max: 200 }), async (analysis, width) => {
        const rows = (await reportText(new AsciiReporter().report(analysis, { scale: true, width }))).split('\n');
        const drawn = rows.slice(0, analysis.images.length);
        expect(rows[analysis.images.length]).toMatch(/0$/);
        for (const row of drawn) {
          expect(widthOf(row)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });

  test('draws a tree of 20,000 levels, and a merge that is lower than its part', async () => {
    const deep = await reportText(new AsciiReporter().report(caterpillar(20_000), { scale: true }));
    expect(deep.split('\n')).toHaveLength(20_003);
    const inverted = sampleAnalysis(
      ['a', 'b', 'c'],
      [
        [0, 1, 9],
        [2, 3, 8],
      ],
    );
    expect(await reportText(new AsciiReporter().report(inverted, { scale: true, width: 40 }))).toMatch(/^\+-+ a\n\|?/);
  });
});
