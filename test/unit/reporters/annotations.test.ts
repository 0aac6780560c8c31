import { describe, expect, test } from '@jest/globals';
import type { Analysis } from '@virt-similarity/core';
import {
  ArrowReporter,
  annotatedAnalysis,
  ClustersReporter,
  HtmlReporter,
  ItolClustersReporter,
  ItolLabelsReporter,
  ItolMetadataReporter,
  JsonReporter,
  NewickReporter,
  NexusReporter,
  parseAnnotations,
} from '@virt-similarity/reporters';
import {
  HOSTILE_NAMES,
  reportBytes,
  reporterContract,
  reportText,
  sampleAnalysis,
  sampleCaterpillar,
} from '@virt-similarity/testing';
import { tableFromIPC } from 'apache-arrow';
import { parse } from 'csv-parse/sync';

const THREE = sampleAnalysis(
  ['web 1', 'db', 'mail'],
  [
    [0, 1, 3],
    [2, 3, 9],
  ],
);
const TEXT = '\ufeffimage,host,owner\r\n"web 1",h1,"Ann, ""A"""\r\n/images/db,h2,=1+1\r\n\r\nold,h3,Bob\r\n';

async function annotated(analysis: Analysis, text: string): Promise<Analysis> {
  return annotatedAnalysis(analysis, await parseAnnotations(text)).analysis;
}

describe('a table of annotations', () => {
  test('refers to images by name, path or label, and leaves the other images without a value', async () => {
    const { analysis, unknown } = annotatedAnalysis(THREE, await parseAnnotations(TEXT));
    expect(unknown).toEqual(['old']);
    expect(analysis.annotations).toEqual([
      { name: 'host', values: ['h1', 'h2', ''] },
      { name: 'owner', values: ['Ann, "A"', '=1+1', ''] },
    ]);
    const byLabel = await annotated(THREE, 'label\thost\nweb-1\th9\n');
    expect(byLabel.annotations).toEqual([{ name: 'host', values: ['h9', '', ''] }]);
    const semicolons = await annotated(THREE, 'image;host\ndb;a,b\n');
    expect(semicolons.annotations).toEqual([{ name: 'host', values: ['', 'a,b', ''] }]);
  });

  test.each([
    ['a line with another number of cells', 'image,host\ndb\n', /Invalid Record Length: .* on line 2/],
    ['quotes that do not end', 'image,host\ndb,"x\n', /Quote Not Closed/],
    ['a column without a name', 'image,,host\n', /1 to 64 different names after the first column, found .* without/],
    ['a column twice', 'image,host,host\n', /found 'host' twice/],
    ['no column', 'image\ndb\n', /found 0$/],
    ['no content', '', /found 0$/],
    ['too many columns', `image,${Array.from({ length: 65 }, (_, index) => index)}\n`, /found 65$/],
  ])('is refused with %s', async (_, text, message) => {
    await expect(parseAnnotations(text)).rejects.toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringMatching(message) }),
    );
  });

  test('is refused if two lines are for one image', async () => {
    const text = 'image,host\ndb,a\n/images/db,b\n';
    await expect(annotated(THREE, text)).rejects.toThrow(
      'expected one line of annotations for each image, found two for db',
    );
  });

  test('can have any values', async () => {
    const lines = HOSTILE_NAMES.map((value, index) => `i${index},"${value.replaceAll('"', '""')}"\n`);
    const plain = sampleCaterpillar(HOSTILE_NAMES.map((_, index) => `i${index}`));
    const [annotation] = (await annotated(plain, `image,__proto__\n${lines.join('')}`)).annotations!;
    expect(annotation?.name).toBe('__proto__');
    // A file is UTF-8, which has no lone surrogates.
    expect(annotation?.values).toEqual(HOSTILE_NAMES.map((value) => Buffer.from(value).toString()));
  });
});

const ANNOTATED = await annotated(THREE, TEXT);

describe('annotations in reports', () => {
  const analysis = ANNOTATED;

  test('are columns of the table of clusters and of the table of names', async () => {
    const clusters = parse(await reportText(new ClustersReporter().report(analysis, {})));
    expect(clusters[0]!.slice(-2)).toEqual(['host', 'owner']);
    expect(clusters[1]!.slice(-2)).toEqual(['h1', 'Ann, \\x22A\\x22']);
    const text = await reportText(new NewickReporter().companion.report(analysis, {}));
    const names = text.split('\n').map((line) => line.split('\t'));
    expect(names.map((cells) => cells.slice(9))).toEqual([
      ['host', 'owner'],
      ['h1', 'Ann, \\x22A\\x22'],
      ['h2', '\\x3d1+1'],
      ['', ''],
      [],
    ]);
    const renamed = await annotated(THREE, 'image,size\ndb,9\n');
    const header = (await reportText(new NewickReporter().companion.report(renamed, {}))).split('\n')[0];
    expect(header).toMatch(/^label.*\tformat\tannotation\.size$/);
  });

  test('are annotations of NEXUS leaves, without characters that end them', async () => {
    const text = await reportText(new NexusReporter().report(await annotated(THREE, 'image,a b\ndb,"x]"",y"\n'), {}));
    expect(text).toContain('2[&cluster=1,a_b="x-y"]:1.5');
  });

  test('are members of JSON images, and columns of Arrow reports', async () => {
    const { images } = JSON.parse(await reportText(new JsonReporter().report(analysis, {})));
    expect(images[1]).toMatchObject({ cluster: 1, annotations: { host: 'h2', owner: '=1+1' } });
    const table = tableFromIPC(await reportBytes(new ArrowReporter().report(analysis, {})));
    expect(table.toArray().map(({ host }) => host)).toEqual(['h1', 'h2', '']);
  });

  test('cannot end the data of an HTML page', async () => {
    const hostile = await annotated(THREE, 'image,</script>\ndb,</script><script>alert(1)</script>\n');
    expect((await reportText(new HtmlReporter().report(hostile, {}))).match(/<\/script>/g)).toHaveLength(2);
  });
});

describe.each([
  ['labels', new ItolLabelsReporter()],
  ['clusters', new ItolClustersReporter()],
  ['metadata', new ItolMetadataReporter()],
])('the iTOL %s', (_, reporter) => {
  for (const { title, run } of reporterContract(() => reporter)) {
    test(title, run);
  }

  test('have one line of cells without markup for each label of the tree', async () => {
    const analysis = sampleCaterpillar([...HOSTILE_NAMES, '<b>&amp;']);
    const tree = await reportText(new NewickReporter().report(analysis, {}));
    const text = await reportText(reporter.report(analysis, {}));
    const [head, data] = text.split('\nDATA\n') as [string, string];
    const lines = data.trimEnd().split('\n');
    expect(head).toContain('SEPARATOR TAB');
    expect(lines).toHaveLength(analysis.images.length);
    for (const line of lines) {
      expect(tree).toContain(`${line.split('\t')[0]}:`);
    }
    expect(data).not.toMatch(/[<&]/);
  });
});

test('iTOL files have the names, clusters and annotations', async () => {
  const analysis = await annotated(THREE, TEXT);
  expect(await reportText(new ItolLabelsReporter().report(analysis, {}))).toBe(
    'LABELS\nSEPARATOR TAB\nDATA\nweb-1\tweb 1\ndb\tdb\nmail\tmail\n',
  );
  expect(await reportText(new ItolClustersReporter().report(analysis, { clusters: 2 }))).toMatch(
    /DATA\nweb-1\t#0072b2\tcluster 1\ndb\t#0072b2\tcluster 1\nmail\t#d55e00\tcluster 2\n$/,
  );
  expect(await reportText(new ItolMetadataReporter().report(analysis, {}))).toMatch(
    /^METADATA\nSEPARATOR TAB\nFIELD_LABELS\tname\tpath\t.*\thost\towner\nDATA\nweb-1\tweb 1\t.*\th1\t/,
  );
});
