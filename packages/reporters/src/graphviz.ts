import type { Analysis, Reporter } from '@virt-similarity/core';
import { heightsCaption, heightText } from './height-text.js';
import { terminalText } from './terminal-text.js';

/** Leaves in one column of boxes at the right, nodes small, and each branch from the right side of its parent. */
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
 * The cladogram as an undirected Graphviz graph, drawn from left to right: leaves are boxes with the images' names, inner
 * nodes show the height at which their parts were merged.
 *
 * Format: https://graphviz.org/doc/info/lang.html. Node ids are `n0` …, by the cladogram's numbering of clusters.
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
 * A text as a label that shows exactly its terminal text. ts-graphviz takes a value in angle brackets for HTML and leaves
 * backslashes, and quotes behind them, as they are; and Graphviz itself interprets backslashes and HTML entities in
 * labels. So these are escaped before they are handed over, and nothing else is: other readers of DOT know no entities.
 */
function dotLabel(text: string): string {
  return terminalText(text)
    .replace(/&(?=#?\w+;)/g, '&amp;')
    .replace(/^(\s*)<(?=.+>\s*$)/, '$1&lt;')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"');
}
