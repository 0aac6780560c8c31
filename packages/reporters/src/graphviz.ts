import type { Analysis, Reporter } from '@virt-similarity/core';
import { heightsCaption, heightText } from './height-text.js';
import { terminalText } from './terminal-text.js';

/**
 * The layout: leaves in a column of boxes at the right, small inner nodes, branches from the right side of the parent.
 */
const LAYOUT = {
  graph: { rankdir: 'LR', ordering: 'out', nodesep: 0.12, ranksep: 0.5, fontname: 'Helvetica', fontsize: 9 },
  node: {
    shape: 'box',
    style: 'rounded,filled',
    fillcolor: '#ffffff',
    color: '#5b6b7f',
    fontname: 'Helvetica',
    fontsize: 9,
    width: 0,
    height: 0.2,
    margin: '0.05,0.02',
  },
  edge: { color: '#5b6b7f', tailport: 'e', headport: 'w' },
  leaf: { style: 'filled', fillcolor: '#eef3f9', fontsize: 11, height: 0.3, margin: '0.12,0.04' },
} as const;

/**
 * Writes the cladogram as an undirected Graphviz graph, drawn from left to right: leaves are boxes with the images'
 * names, inner nodes show the height at which their parts were merged.
 *
 * Format: https://graphviz.org/doc/info/lang.html. Node ids are `n0` …, numbered as the clusters of the cladogram.
 */
export class GraphvizReporter implements Reporter {
  readonly extension = '.dot';
  readonly mediaType = 'text/vnd.graphviz';

  async *report({ cladogram, images, parameters }: Analysis): AsyncGenerator<string> {
    const { Graph, toDot } = await import('ts-graphviz');
    const { size, nodes } = cladogram;
    const graph = new Graph('cladogram', { ...LAYOUT.graph, label: dotLabel(heightsCaption(parameters)) });
    graph.attributes.node.apply(LAYOUT.node);
    graph.attributes.edge.apply(LAYOUT.edge);
    for (const [index, { height, children }] of nodes.entries()) {
      graph.createNode(`n${size + index}`, { label: heightText(height) });
      for (const child of children) {
        graph.createEdge([{ id: `n${size + index}` }, { id: `n${child}` }]);
      }
    }
    const leaves = graph.createSubgraph('leaves', { rank: 'same' });
    leaves.attributes.node.apply(LAYOUT.leaf);
    for (const [image, { name }] of images.entries()) {
      leaves.createNode(`n${image}`, { label: dotLabel(name) });
    }
    yield `${toDot(graph, { convert: { maxASTNodes: Number.POSITIVE_INFINITY } })}\n`;
  }
}

/**
 * Returns a label that Graphviz renders as the text's terminal text. ts-graphviz treats a value in angle brackets as
 * HTML and does not escape backslashes, or quotes after them; Graphviz interprets backslashes and HTML entities in
 * labels. So exactly these are escaped here, and nothing else, because other DOT parsers do not know entities.
 */
function dotLabel(text: string): string {
  return terminalText(text)
    .replace(/&(?=#?\w+;)/g, '&amp;')
    .replace(/^(\s*)<(?=.+>\s*$)/, '$1&lt;')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"');
}
