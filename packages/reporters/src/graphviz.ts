import type { Analysis, Reporter } from '@virt-similarity/core';
import { terminalText } from '@virt-similarity/core/reporting';
import { branchLengths } from './branch-lengths.js';
import { heightsCaption, heightText } from './height-text.js';
import { depthOf } from './tree-order.js';

const GRAPH = { rankdir: 'LR', ordering: 'out', nodesep: 0.12, ranksep: 0.5, fontname: 'Helvetica', fontsize: 9 };
const NODE = {
  shape: 'box',
  style: 'rounded,filled',
  fillcolor: '#ffffff',
  color: '#5b6b7f',
  fontname: 'Helvetica',
  fontsize: 9,
  width: 0,
  height: 0.2,
  margin: '0.05,0.02',
};
const EDGE = { color: '#5b6b7f' };
const LEAF = { style: 'filled', fillcolor: '#eef3f9', fontsize: 11, height: 0.3, margin: '0.12,0.04' };

/** Leaves of deeper trees are not aligned: `dot` takes minutes to align the leaves of a tree of hundreds of levels. */
const DEEPEST_ALIGNED = 32;
/** The length in inches of the path from the root to a leaf, for layouts that use `len`. */
const LONGEST_PATH = 12;
/** The shortest `len` of an edge, in inches. */
const SHORTEST_EDGE = 0.1;

/**
 * Writes the cladogram as an undirected Graphviz graph, drawn from left to right: leaves are boxes with the images'
 * names, inner nodes show the height at which their parts were merged.
 *
 * For programs, a node has its `distance`, the height of the merge, and an edge its `length`, as in Newick. `len` is
 * the same length for the layouts neato, fdp and sfdp: scaled, and at least 0.1 inches.
 *
 * Format: https://graphviz.org/doc/info/lang.html, restricted to what pydot, graphlib-dot and vis-network also read:
 * attributes are separated by commas. Node ids are `n0` …, numbered as the clusters of the cladogram.
 */
export class GraphvizReporter implements Reporter {
  readonly extension = '.dot';
  readonly otherExtensions = ['.gv'];
  readonly mediaType = 'text/vnd.graphviz';

  *report({ cladogram, images, parameters }: Analysis): Generator<string> {
    const { size, nodes } = cladogram;
    const lengths = branchLengths(cladogram);
    const scale = (2 * LONGEST_PATH) / Math.max(Number.MIN_VALUE, nodes.at(-1)?.height ?? 0);
    yield 'graph "cladogram" {\n';
    yield `  graph ${attributes({ ...GRAPH, label: heightsCaption(parameters) })};\n`;
    yield `  node ${attributes(NODE)};\n`;
    yield `  edge ${attributes(EDGE)};\n`;
    for (const [index, { height, children }] of nodes.entries()) {
      const node = size + index;
      yield `  n${node} ${attributes({ label: heightText(height), distance: height })};\n`;
      for (const child of children) {
        const length = lengths[child]!;
        const len = Math.max(SHORTEST_EDGE, length * scale);
        yield `  n${node} -- n${child} ${attributes({ length, len: Number(len.toPrecision(6)) })};\n`;
      }
    }
    yield '  subgraph "leaves" {\n';
    if (depthOf(cladogram) <= DEEPEST_ALIGNED) {
      yield '    graph [rank="same"];\n';
    }
    yield `    node ${attributes(LEAF)};\n`;
    for (const [image, { name }] of images.entries()) {
      yield `    n${image} ${attributes({ label: name })};\n`;
    }
    yield '  }\n}\n';
  }
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(values).map(([name, value]) => `${name}=${dotValue(value)}`);
  return `[${pairs.join(', ')}]`;
}

/** Returns a value in quotes, unless it is a number without an exponent. Numbers in DOT have no exponents. */
function dotValue(value: string | number): string {
  const text = String(value);
  return typeof value === 'number' && /^-?[\d.]+$/.test(text) ? text : `"${dotText(text)}"`;
}

/**
 * Returns the content of a quoted string that Graphviz renders as the text, with the escapes of `terminalText`.
 * Graphviz interprets backslashes and HTML entities in labels. An ampersand is escaped only where it would begin an
 * entity, because other DOT parsers do not know entities.
 */
function dotText(text: string): string {
  return terminalText(text)
    .replace(/&(?=#?\w+;)/g, '&amp;')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"');
}
