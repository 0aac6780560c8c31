import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Analysis, Cladogram, OptionValues, Reporter } from '@virt-similarity/core';
import {
  GraphvizReporter,
  LinkageReporter,
  NewickReporter,
  NexusReporter,
  PhylipReporter,
  PhyloXmlReporter,
} from '@virt-similarity/reporters';
import { HOSTILE_NAMES, reportText, sampleAnalysis, sampleCaterpillar } from '@virt-similarity/testing';
import fc from 'fast-check';
import { namesTable } from '#reporters/names-table.js';
import { safeLabels } from '#reporters/tree-labels.js';
import { binaryTree } from '#reporters/tree-order.js';
import { analyses, FAMILY, hostileName } from '../fixtures/analysis.js';
import { runTool } from '../fixtures/run-tool.js';
import { unescaped } from '../fixtures/unescaped.js';

/** A node in a reader's output: index of its parent or −1, length of the branch above, name of a leaf or null. */
type ReadNode = readonly [parent: number, length: number, name: string | null];

/** Debian's Python, with its packages of DendroPy and Biopython, even if another Python is first in the path. */
const PYTHON = '/usr/bin/python3';

/** R reads UTF-8 only with a UTF-8 locale. */
const UTF8 = { LC_ALL: 'C.UTF-8' };

const SCRIPTS = fileURLToPath(new URL('../../fixtures/report-readers/', import.meta.url));

const EXTREMES = sampleAnalysis(
  ['a', 'b', 'c', 'd', 'e'],
  [
    [0, 1, 5e-324],
    [2, 5, 3e-7],
    [3, 6, 1 / 3],
    [4, 7, 2.5e21],
  ],
);

/** The same trees in every run. */
const CASES: readonly Analysis[] = [
  FAMILY,
  EXTREMES,
  sampleCaterpillar(HOSTILE_NAMES),
  sampleCaterpillar(Array.from({ length: 150 }, (_, image) => `image ${image}`)),
  sampleAnalysis(['alone in the world'], []),
  ...fc.sample(analyses(hostileName), { numRuns: 100, seed: 2013 }),
];

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'report-readers-'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Writes each report to a separate file. Returns the paths. */
async function written(
  reporter: Reporter,
  options: OptionValues,
  name: string,
  cases: readonly Analysis[] = CASES,
): Promise<string[]> {
  const files: string[] = [];
  for (const [index, analysis] of cases.entries()) {
    const file = join(directory, `${name}-${index}${reporter.extension}`);
    writeFileSync(file, await reportText(reporter.report(analysis, options)));
    files.push(file);
  }
  return files;
}

/** Runs a reader's program, which prints JSON. Returns the nodes in each of the files. */
async function readBy(program: readonly [string, ...string[]], files: readonly string[]): Promise<ReadNode[][]> {
  const [command, ...leading] = program;
  const { stdout } = await runTool(command, [...leading, ...files]);
  const found = JSON.parse(stdout) as Record<string, ReadNode[]>;
  return files.map((file) => found[file]!);
}

/** Replaces safe labels with the real names from the table of the tree. */
async function withNamesFromTable(nodes: readonly ReadNode[], analysis: Analysis): Promise<ReadNode[]> {
  const table = await reportText(new NewickReporter().companion.report(analysis, {}));
  const rows = table.split('\n').slice(1, -1);
  const names = new Map(rows.map((row) => row.split('\t')).map(([label, name]) => [label!, unescaped(name!)]));
  return nodes.map(([parent, length, label]) => [parent, length, label === null ? null : names.get(label)!]);
}

function withNamesUnescaped(nodes: readonly ReadNode[]): ReadNode[] {
  return nodes.map(([parent, length, label]) => [parent, length, label === null ? null : unescaped(label)]);
}

/** Returns the leaves below every inner node, as image numbers. */
function cladesOf({ size, nodes }: Cladogram): string[] {
  const below = Array.from({ length: size }, (_, leaf) => [leaf]);
  for (const { children } of nodes) {
    below.push(children.flatMap((child) => below[child]!));
  }
  return cladeTexts(below.slice(size));
}

function cladeTexts(clades: readonly number[][]): string[] {
  return clades.map((clade) => clade.toSorted((a, b) => a - b).join(' ')).sort();
}

/** Returns for every image its leaf and the leaf's ancestors in order, with their distances from the leaf. */
function pathsToRoot(found: readonly ReadNode[], analysis: Analysis): Map<number, number>[] {
  return analysis.images.map(({ name }) => {
    const path = new Map<number, number>();
    let distance = 0;
    for (let node = found.findIndex(([, , label]) => label === name); node !== -1; node = found[node]![0]) {
      path.set(node, distance);
      distance += found[node]![1];
    }
    return path;
  });
}

function expectTopology(nodes: readonly ReadNode[], analysis: Analysis, tree: Cladogram): void {
  const names = nodes.flatMap(([, , name]) => (name === null ? [] : [name]));
  expect(names.toSorted()).toEqual(analysis.images.map(({ name }) => name).sort());
  const clades = new Map<number, number[]>();
  for (const [image, path] of pathsToRoot(nodes, analysis).entries()) {
    for (const node of [...path.keys()].slice(1)) {
      clades.set(node, [...(clades.get(node) ?? []), image]);
    }
  }
  // In Newick, even a single leaf has a root above it.
  const found = names.length === 1 ? [] : [...clades.values()];
  expect(cladeTexts(found)).toEqual(cladesOf(tree));
}

/** Expects that the path between each two leaves is as long as the distance of their images, except for rounding. */
function expectPathLengths(found: readonly ReadNode[], analysis: Analysis): void {
  const paths = pathsToRoot(found, analysis);
  const { size, values } = analysis.distances;
  for (let i = 0, index = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++, index++) {
      const [node, distance] = [...paths[j]!].find(([ancestor]) => paths[i]!.has(ancestor))!;
      const error = Math.abs(distance + paths[i]!.get(node)! - values[index]!);
      expect(error).toBeLessThanOrEqual(1e-12 * values[index]! + 1e-300);
    }
  }
}

describe('Newick', () => {
  const reporter = new NewickReporter();
  const python = join(SCRIPTS, 'read_newick.py');
  const readers = {
    DendroPy: [PYTHON, python, 'dendropy'],
    Biopython: [PYTHON, python, 'biopython'],
    ape: ['Rscript', join(SCRIPTS, 'read_newick.R')],
  } as const;

  for (const [name, program] of Object.entries(readers)) {
    test(`in the safe dialect is read by ${name} as the same trees, names and distances`, async () => {
      const found = await readBy(program, await written(reporter, {}, 'safe'));
      for (const [index, analysis] of CASES.entries()) {
        const named = await withNamesFromTable(found[index]!, analysis);
        expectTopology(named, analysis, analysis.cladogram);
        expectPathLengths(named, analysis);
      }
    });
  }

  test('in the quoted dialect is read by DendroPy as the same trees, names and distances', async () => {
    const reader = [PYTHON, python, 'case-sensitive-dendropy'] as const;
    // DendroPy 4.5 interprets a label that consists of one of these characters as punctuation, even in quotes.
    const cases = CASES.filter(({ images }) => !images.some(({ name }) => /^[(),:;]$/.test(name)));
    const found = await readBy(reader, await written(reporter, { dialect: 'quoted' }, 'quoted', cases));
    for (const [index, analysis] of cases.entries()) {
      const named = withNamesUnescaped(found[index]!);
      expectTopology(named, analysis, analysis.cladogram);
      expectPathLengths(named, analysis);
    }
  });

  test('with the option binary is read by ape as binary trees with the same distances', async () => {
    const found = await readBy(readers.ape, await written(reporter, { binary: true }, 'binary'));
    for (const [index, analysis] of CASES.entries()) {
      const named = await withNamesFromTable(found[index]!, analysis);
      expectTopology(named, analysis, binaryTree(analysis.cladogram));
      expectPathLengths(named, analysis);
    }
  });
});

describe('The table of names', () => {
  const table = [
    ...CASES,
    sampleCaterpillar(["=1+1,'", '-x', '"a\tb', '"c', 'd"', "'e", '#f', ' g ', 'NA', '', '007']),
  ];
  const readers = {
    'csv of Python': [PYTHON, join(SCRIPTS, 'read_table.py'), 'minimal'],
    'csv of Python without quoting': [PYTHON, join(SCRIPTS, 'read_table.py'), 'none'],
    'read.delim of R': ['Rscript', join(SCRIPTS, 'read_table.R'), 'delim'],
    'read.table of R': ['Rscript', join(SCRIPTS, 'read_table.R'), 'table'],
  } as const;

  test.each(Object.entries(readers))('is read by %s as the same labels, names and paths', async (_, program) => {
    const files: string[] = [];
    for (const [index, analysis] of table.entries()) {
      files.push(join(directory, `table-${index}.tsv`));
      writeFileSync(files.at(-1)!, await reportText(new NewickReporter().companion.report(analysis, {})));
    }
    const [command, ...leading] = program;
    const found = JSON.parse((await runTool(command, [...leading, ...files], UTF8)).stdout) as string[][][];
    for (const [index, { images }] of table.entries()) {
      const rows = found[index]!.map(([label, name, path]) => [label, unescaped(name!), unescaped(path!)]);
      const labels = safeLabels(images);
      expect(rows).toEqual([
        ['label', 'name', 'path'],
        ...images.map(({ name, path }, image) => [labels[image], name, path]),
      ]);
    }
  });

  test('has no cell that a spreadsheet interprets as a formula', async () => {
    for (const analysis of table) {
      for (const cell of [...namesTable(analysis, {})].flatMap((line) => line.slice(0, -1).split('\t'))) {
        expect(cell).not.toMatch(/^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/);
      }
    }
  });
});

describe('NEXUS', () => {
  test('is read by DendroPy as the same trees, names and distances', async () => {
    const reader = [PYTHON, join(SCRIPTS, 'read_newick.py'), 'nexus-dendropy'] as const;
    const found = await readBy(reader, await written(new NexusReporter(), {}, 'nexus'));
    for (const [index, analysis] of CASES.entries()) {
      const named = await withNamesFromTable(found[index]!, analysis);
      expectTopology(named, analysis, analysis.cladogram);
      expectPathLengths(named, analysis);
    }
  });
});

describe('phyloXML', () => {
  test('is read by Biopython as the same trees, names and distances', async () => {
    const reader = [PYTHON, join(SCRIPTS, 'read_newick.py'), 'phyloxml-biopython'] as const;
    // Biopython removes blanks from both ends of a name, and reads no name from an empty element.
    const cases = CASES.filter(({ images }) => images.every(({ name }) => name.trim() === name && name !== ''));
    const found = await readBy(reader, await written(new PhyloXmlReporter(), {}, 'phyloxml', cases));
    for (const [index, analysis] of cases.entries()) {
      const named = withNamesUnescaped(found[index]!);
      expectTopology(named, analysis, analysis.cladogram);
      expectPathLengths(named, analysis);
    }
  });
});

describe('PHYLIP distances', () => {
  test.each([{}, { strict: true }, { triangle: 'lower' }])(
    'with %j are read by R as the same distances',
    async (options) => {
      const files = await written(new PhylipReporter(), options, `phylip-${JSON.stringify(options).length}`);
      const { stdout } = await runTool('Rscript', [join(SCRIPTS, 'read_phylip.R'), ...files]);
      const found = JSON.parse(stdout) as { labels: string[]; distances: number[] }[];
      for (const [index, { images, distances }] of CASES.entries()) {
        const limit = 'strict' in options ? { 'label-length': 10 } : {};
        expect(found[index]!.labels).toEqual(safeLabels(images, limit));
        expect(found[index]!.distances).toEqual([...distances.values]);
      }
    },
  );
});

describe('Linkage', () => {
  test("in R's convention is a tree of hclust with the same cophenetic distances", async () => {
    const files = await written(new LinkageReporter(), { convention: 'r' }, 'linkage');
    const { stdout } = await runTool('Rscript', [join(SCRIPTS, 'read_linkage.R'), ...files], UTF8);
    const found = JSON.parse(stdout) as number[][];
    for (const [index, { distances }] of CASES.entries()) {
      expect(found[index]).toEqual([...distances.values]);
    }
  });
});

describe('DOT', () => {
  test('is drawn by dot as the same trees, with every name', async () => {
    const files = await written(new GraphvizReporter(), {}, 'graph');
    // dot also writes an empty file to its working directory.
    await runTool('env', ['--chdir', directory, 'dot', '-Tjson', '-O', ...files]);
    for (const [index, analysis] of CASES.entries()) {
      const drawn = JSON.parse(readFileSync(`${files[index]}.json`, 'utf8')) as DotJson;
      expectTopology(withNamesUnescaped(nodesDrawn(drawn)), analysis, analysis.cladogram);
    }
  });
});

/** The parts of the output of `dot -Tjson` that are checked. */
interface DotJson {
  readonly objects: readonly {
    readonly _gvid: number;
    readonly name: string;
    readonly _ldraw_?: readonly { readonly op: string; readonly text?: string }[];
  }[];
  readonly edges?: readonly { readonly tail: number; readonly head: number }[];
}

/** Returns the tree as drawn. A leaf's name is the text that dot draws, with the escapes of DOT interpreted. */
function nodesDrawn({ objects, edges = [] }: DotJson): ReadNode[] {
  const nodes = objects.filter(({ name }) => /^n\d+$/.test(name));
  const indexOf = new Map(nodes.map(({ _gvid }, index) => [_gvid, index]));
  const parentOf = new Map(edges.map(({ tail, head }) => [head, tail]));
  const inner = new Set(edges.map(({ tail }) => tail));
  return nodes.map(({ _gvid, _ldraw_ = [] }) => {
    const text = _ldraw_.flatMap(({ op, text }) => (op === 'T' ? [text] : [])).join('\n');
    return [indexOf.get(parentOf.get(_gvid)!) ?? -1, 0, inner.has(_gvid) ? null : text];
  });
}
