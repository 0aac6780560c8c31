import { describe, expect, test } from '@jest/globals';
import type { NamedPart, Reporter } from '@virt-similarity/core';
import { optionsFor, planReports } from '#cli/output/plan-reports.js';

const reporter = (name: string, extension: string, more: Partial<Reporter> = {}): NamedPart<Reporter> => ({
  name,
  part: { extension, mediaType: 'text/plain', report: () => [], ...more },
});

const ascii = reporter('ascii', '.txt', { options: { heights: { type: 'boolean', description: '' } } });
const newick = reporter('newick', '.nwk', {
  options: { binary: { type: 'boolean', description: '' } },
  companion: { extension: '.names.tsv', report: () => [] },
});
const json = reporter('json', '.json');
const tree = reporter('tree', '.tree.json');
const REPORTERS = [ascii, newick, json, tree];

const plan = (format: string, paths: string[] = [], options = {}, names?: string) =>
  planReports({ format, paths, names, options }, REPORTERS);

describe('reports', () => {
  test('are written to standard output in the given format, and to files in the format of their extensions', () => {
    expect(plan('ascii', ['a.nwk', 'B.TXT', 'dir/c.tree.json', 'd.json'])).toEqual({
      stdout: ascii,
      files: [
        { path: 'a.nwk', reporter: newick, companionPath: 'a.names.tsv' },
        { path: 'B.TXT', reporter: ascii, companionPath: undefined },
        { path: 'dir/c.tree.json', reporter: tree, companionPath: undefined },
        { path: 'd.json', reporter: json, companionPath: undefined },
      ],
      names: undefined,
    });
  });

  test('need no name before an extension of several parts', () => {
    const { files } = plan('ascii', ['tree.json', 'dir/Tree.json']);
    expect(files.map(({ reporter: { name } }) => name)).toEqual(['tree', 'tree']);
    expect(() => plan('ascii', ['dir/.json'])).toThrow('expected a name that ends in');
    expect(() => plan('ascii', ['json'])).toThrow('expected a name that ends in');
  });

  test('write their companion text only to the file of --names, if it is given', () => {
    const names = { path: 'n.tsv', reporter: newick };
    expect(plan('newick', [], {}, 'n.tsv')).toEqual({ stdout: newick, files: [], names });
    expect(plan('newick', ['a.nwk', 'b.nwk', 'c.json'], {}, 'n.tsv')).toEqual({
      stdout: newick,
      files: [
        { path: 'a.nwk', reporter: newick, companionPath: undefined },
        { path: 'b.nwk', reporter: newick, companionPath: undefined },
        { path: 'c.json', reporter: json, companionPath: undefined },
      ],
      names,
    });
    expect(plan('ascii', ['a.nwk'], {}, 'n.tsv').names).toEqual(names);
  });

  test('are refused with --names if their options leave every companion text empty', () => {
    const companion = { extension: '.csv', report: () => [], emptyWith: { plain: true, dialect: 'quoted' } } as const;
    const tables = reporter('tables', '.tables', {
      companion,
      options: { plain: { type: 'boolean', description: '' } },
    });
    const planOf = (format: string, paths: string[], options = {}) =>
      planReports({ format, paths, names: 'n.tsv', options }, [...REPORTERS, tables]);
    expect(planOf('tables', []).names).toEqual({ path: 'n.tsv', reporter: tables });
    expect(() => planOf('tables', [], { plain: true })).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: '--names has no effect with --plain; omit one of them',
      }),
    );
    // The other report has a companion text.
    expect(planOf('newick', ['a.tables'], { plain: true }).names).toEqual({ path: 'n.tsv', reporter: newick });
  });

  test.each([
    ['json', [], '--names has no effect here; it needs -O newick or -o FILE.nwk or -O tables or -o FILE.tables'],
    [
      'newick',
      ['a.tables'],
      '--names: expected reports of one format with a table of names, found newick and tables; write them in two runs',
    ],
  ])('in %s and to %j are refused with --names', (format, paths, message) => {
    const tables = reporter('tables', '.tables', { companion: { extension: '.csv', report: () => [] } });
    const request = { format, paths, names: 'n.tsv', options: {} };
    expect(() => planReports(request, [...REPORTERS, tables])).toThrow(
      expect.objectContaining({ code: 'usage', message }),
    );
  });

  test.each([
    [
      'newik',
      [],
      {},
      "--output-format: expected one of ascii, newick, json, tree; found 'newik'; did you mean 'newick'?",
    ],
    [
      'ascii',
      ['a.nkw'],
      {},
      "--output a.nkw: expected a name that ends in .txt, .nwk, .json, .tree.json; found .nkw; did you mean '.nwk'?",
    ],
    [
      'ascii',
      ['tree'],
      {},
      '--output tree: expected a name that ends in .txt, .nwk, .json, .tree.json; found no extension',
    ],
    [
      'ascii',
      ['.nwk'],
      {},
      "--output .nwk: expected a name that ends in .txt, .nwk, .json, .tree.json; found .nwk; did you mean '.nwk'?",
    ],
    ['json', ['a.txt'], { binary: true }, '--binary has no effect here; it needs -O newick or -o FILE.nwk'],
  ])('in %s and to %j with %j are refused', (format, paths, options, message) => {
    expect(() => plan(format, paths, options)).toThrow(expect.objectContaining({ code: 'usage', message }));
  });

  test('receive only the options that their reporter declares', () => {
    expect(optionsFor(ascii, { heights: true, binary: true })).toEqual({ heights: true });
    expect(optionsFor(json, { heights: true })).toEqual({});
  });
});
