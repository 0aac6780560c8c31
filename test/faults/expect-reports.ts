import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runTool } from '../fixtures/run-tool.js';
import { unescaped } from '../fixtures/unescaped.js';
import type { CommandEnd } from '../harness/command-run.js';
import { GOOD_IMAGES, type Stage } from './stage.js';

const NEWICK_READER = fileURLToPath(new URL('../../fixtures/report-readers/read_newick.py', import.meta.url));
/** Debian's Python. Another Python can be first in the path, but does not find Debian's package of DendroPy. */
const PYTHON = '/usr/bin/python3';
// biome-ignore lint/suspicious/noControlCharactersInRegex: characters that a terminal would interpret
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

/**
 * Requires that the JSON report of an analysis contains the paths of these images and of the good images, that the DOT
 * and Newick reports contain their names, and that nothing that is printed contains control characters.
 */
export async function expectReports(stage: Stage, end: CommandEnd, images: readonly string[]): Promise<void> {
  const paths = [...GOOD_IMAGES, ...images].sort();
  const report = JSON.parse(end.stdout) as { images: { name: string; path: string }[] };
  const names = report.images.map(({ name }) => name).sort();
  assert.deepEqual(report.images.map(({ path }) => path).sort(), paths, 'paths in the JSON report');
  assert.deepEqual(await dotNames(stage.output('tree.dot')), names, 'labels in the DOT report');
  assert.deepEqual(await newickNames(stage), names, 'names in the Newick report');
  const tree = await readFile(stage.output('tree.txt'), 'utf8');
  for (const [where, text] of Object.entries({ tree, stderr: end.stderr, stdout: end.stdout })) {
    assert.doesNotMatch(text, CONTROLS, `control characters in ${where}`);
  }
}

/** The parts of the output of `dot -Tjson` that are checked. */
interface DotJson {
  readonly objects: readonly {
    readonly _gvid: number;
    readonly name: string;
    readonly _ldraw_?: readonly { readonly text?: string }[];
  }[];
  readonly edges?: readonly { readonly tail: number }[];
}

/** Returns the names that Graphviz reads from the labels of leaves, sorted. */
async function dotNames(path: string): Promise<string[]> {
  const { stdout } = await runTool('dot', ['-Tjson', path]);
  const { objects, edges = [] } = JSON.parse(stdout) as DotJson;
  const inner = new Set(edges.map(({ tail }) => tail));
  const leaves = objects.filter(({ name, _gvid }) => /^n\d+$/.test(name) && !inner.has(_gvid));
  // The text that dot draws, with its escapes interpreted.
  const texts = leaves.map(({ _ldraw_ = [] }) => _ldraw_.flatMap(({ text }) => text ?? []).join('\n'));
  return texts.map(unescaped).sort();
}

/** Returns the images' names in the Newick report. DendroPy reads the labels, and the table of names maps them. */
async function newickNames(stage: Stage): Promise<string[]> {
  const tree = stage.output('tree.nwk');
  const { stdout } = await runTool(PYTHON, [NEWICK_READER, 'case-sensitive-dendropy', tree]);
  const nodes = (JSON.parse(stdout) as Record<string, [number, number, string | null][]>)[tree] ?? [];
  const rows = (await readFile(stage.output('tree.names.tsv'), 'utf8')).split('\n').slice(1, -1);
  const names = new Map(rows.map((row) => row.split('\t') as [string, string]));
  return nodes.flatMap(([, , label]) => (label === null ? [] : unescaped(names.get(label) ?? ''))).sort();
}
