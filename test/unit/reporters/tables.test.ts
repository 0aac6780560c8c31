import { describe, expect, test } from '@jest/globals';
import { ClustersReporter, CsvReporter, LinkageReporter, PhylipReporter } from '@virt-similarity/reporters';
import { reporterContract, reportText, sampleAnalysis } from '@virt-similarity/testing';
import { FAMILY } from '../../fixtures/analysis.js';

const THREE = sampleAnalysis(
  ['a,b', '=c', 'd'],
  [
    [1, 2, 1.5],
    [0, 3, 4],
  ],
);

describe('CsvReporter', () => {
  for (const { title, run } of reporterContract(() => new CsvReporter())) {
    test(title, run);
  }

  test('writes a square matrix', async () => {
    expect(await reportText(new CsvReporter().report(THREE, {}))).toBe(
      'image,"a,b",\\x3dc,d\n"a,b",0,4,4\n\\x3dc,4,0,1.5\nd,4,1.5,0\n',
    );
  });

  test('writes one line for each pair, or for the pairs up to a distance', async () => {
    const report = new CsvReporter();
    expect(await reportText(report.report(THREE, { table: 'pairs' }))).toBe(
      'image,other,distance\n"a,b",\\x3dc,4\n"a,b",d,4\n\\x3dc,d,1.5\n',
    );
    expect(await reportText(report.report(THREE, { 'max-distance': 1.5 }))).toBe(
      'image,other,distance\n\\x3dc,d,1.5\n',
    );
  });
});

test('a name never begins a cell with a formula, even if lines are split at semicolons or tabs', async () => {
  const names = ['a;=cmd()', 'b,=cmd()', 'c\t=cmd()', 'd\n=cmd()', '"e";"=cmd()"', ';+f', '＝g'];
  const analysis = sampleAnalysis(
    names,
    names.slice(1).map((_, index) => [index === 0 ? 0 : names.length + index - 1, index + 1, index + 1]),
  );
  for (const text of [
    await reportText(new CsvReporter().report(analysis, {})),
    await reportText(new ClustersReporter().report(analysis, {})),
    await reportText(new LinkageReporter().report(analysis, { convention: 'r' })),
  ]) {
    for (const separator of [/;/, /\t/]) {
      const cells = text.split('\n').flatMap((line) => line.split(separator));
      expect(cells.filter((cell) => /^"?[=+\-@\uff1d\uff0b\uff0d\uff20][^\d]/.test(cell))).toEqual([]);
    }
    expect(text).not.toContain(';');
  }
});

describe('LinkageReporter', () => {
  for (const { title, run } of reporterContract(() => new LinkageReporter())) {
    test(title, run);
  }

  test("writes the rows of SciPy's linkage matrix", async () => {
    expect(await reportText(new LinkageReporter().report(THREE, {}))).toBe('1,2,1.5,2\n0,3,4,3\n');
  });

  test("writes the columns of R's hclust", async () => {
    expect(await reportText(new LinkageReporter().report(THREE, { convention: 'r' }))).toBe(
      'merge.1,merge.2,height,order,label\n-2,-3,1.5,1,"a,b"\n-1,1,4,2,\\x3dc\n,,,3,d\n',
    );
  });
});

describe('ClustersReporter', () => {
  for (const { title, run } of reporterContract(() => new ClustersReporter())) {
    test(title, run);
  }

  test('writes the cluster and the nearest image of each image', async () => {
    expect(await reportText(new ClustersReporter().report(THREE, { cut: 2 }))).toBe(
      'image,path,cluster,images,nearest,distance\n' +
        '"a,b","/images/a,b",1,1,\\x3dc,4\n\\x3dc,/images/=c,2,2,d,1.5\nd,/images/d,2,2,\\x3dc,1.5\n',
    );
  });

  test('cuts at the widest gap by default', async () => {
    const rows = (await reportText(new ClustersReporter().report(FAMILY, {}))).split('\n').slice(1, -1);
    expect(rows.map((row) => row.split(',')[2])).toEqual([...'11112222']);
  });
});

describe('PhylipReporter', () => {
  for (const { title, run } of reporterContract(() => new PhylipReporter())) {
    test(title, run);
  }

  test('writes names of ten characters on request, and only the lower triangle on request', async () => {
    const analysis = sampleAnalysis(['a-very-long-name-1', 'a-very-long-name-2'], [[0, 1, 3]]);
    const report = new PhylipReporter();
    expect(await reportText(report.report(analysis, {}))).toBe('2\na-very-long-name-1 0 3\na-very-long-name-2 3 0\n');
    expect(await reportText(report.report(analysis, { strict: true, triangle: 'lower' }))).toBe(
      '2\na-very-lon\na-very-l-2 3\n',
    );
    const table = await reportText(report.companion.report(analysis, { strict: true }));
    expect(table.split('\n').map((line) => line.split('\t')[0])).toEqual(['label', 'a-very-lon', 'a-very-l-2', '']);
  });
});
