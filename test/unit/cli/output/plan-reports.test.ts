import { describe, expect, test } from '@jest/globals';
import type { Reporter } from '@virt-similarity/core';
import { optionsFor, planReports } from '#cli/output/plan-reports.js';

const reporter = (name: string, extension: string, more: Partial<Reporter> = {}): Reporter => ({
  name,
  extension,
  mediaType: 'text/plain',
  report: () => [],
  ...more,
});

const ascii = reporter('ascii', '.txt', { options: [{ name: 'heights', description: '' }] });
const newick = reporter('newick', '.nwk', {
  options: [{ name: 'binary', description: '' }],
  companion: { extension: '.names.tsv', report: () => [] },
});
const json = reporter('json', '.json');
const tree = reporter('tree', '.tree.json');
const REPORTERS = [ascii, newick, json, tree];

const plan = (format: string, paths: string[] = [], options = {}) => planReports({ format, paths, options }, REPORTERS);

describe('reports', () => {
  test('go to standard output in the format named, and to files in that of their extensions', () => {
    expect(plan('ascii', ['a.nwk', 'B.TXT', 'dir/c.tree.json', 'd.json'])).toEqual({
      stdout: ascii,
      files: [
        { path: 'a.nwk', reporter: newick, companionPath: 'a.names.tsv' },
        { path: 'B.TXT', reporter: ascii, companionPath: undefined },
        { path: 'dir/c.tree.json', reporter: tree, companionPath: undefined },
        { path: 'd.json', reporter: json, companionPath: undefined },
      ],
    });
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
    ['json', ['a.txt'], { binary: true }, '--binary has no effect here; it goes with -O newick or -o FILE.nwk'],
  ])('are refused as %s to %j with %j', (format, paths, options, message) => {
    expect(() => plan(format, paths, options)).toThrow(expect.objectContaining({ code: 'usage', message }));
  });

  test('get those of the options that their reporter takes', () => {
    expect(optionsFor(ascii, { heights: true, binary: true })).toEqual({ heights: true });
    expect(optionsFor(json, { heights: true })).toEqual({});
  });
});
