import type { Cladogram } from '@virt-similarity/core';
import { heightText } from './height-text.js';
import { shortened, type WidthOf } from './shortened.js';
import { leafOrder } from './tree-order.js';

/** The tree occupies at least this fraction of the width. */
const FEWEST_TREE_COLUMNS = 0.5;

/** The directions in which a cell is connected, as bits. */
const UP = 1;
const DOWN = 2;
const LEFT = 4;
const RIGHT = 8;

/** The character of a cell, by the sum of its directions. */
const ASCII = ' |||-+++-+++-+++';
const UNICODE = ' │││─┘┐┤─└┌├─┴┬┼';

/** The texts and settings of a drawing to scale. */
interface ScaledTexts {
  /** The text of each leaf. */
  readonly texts: readonly string[];
  /** The width of the drawing in columns, including the texts. */
  readonly width: number;
  readonly drawing: 'ascii' | 'unicode';
  readonly widthOf: WidthOf;
  /** Adds colors to the shortened text of a leaf. */
  readonly paint: (text: string, leaf: number) => string;
}

/**
 * Draws a tree to scale, one row for each leaf. The column of a node shows its height, from the height of the root at
 * the left to 0 at the right. Connected nodes in the same column are drawn as one node. The last row has the heights at
 * both ends.
 *
 * A node that is higher than the node above it, which centroid and median linkage can produce, is drawn in that node's
 * column.
 */
export function* scaledDrawing(
  tree: Cladogram,
  { texts, width, drawing, widthOf, paint }: ScaledTexts,
): Generator<string> {
  const longest = texts.reduce((widest, text) => Math.max(widest, widthOf(text)), 0);
  const columns = Math.max(Math.floor(width * FEWEST_TREE_COLUMNS), width - longest - 1);
  const { leaves } = leafOrder(tree);
  const cells = connections(tree, columns);
  const characters = drawing === 'unicode' ? UNICODE : ASCII;
  for (const [row, leaf] of leaves.entries()) {
    const line = Array.from(cells.subarray(row * columns, (row + 1) * columns), (cell) => characters[cell]!).join('');
    yield `${line} ${paint(shortened(texts[leaf]!, width - columns - 1, widthOf), leaf)}\n`;
  }
  const highest = heightText(tree.nodes.at(-1)?.height ?? 0);
  yield `${highest}${'0'.padStart(Math.max(2, columns - highest.length))}\n`;
}

/** Returns the directions in which each cell is connected, row by row. */
function connections(tree: Cladogram, columns: number): Uint8Array {
  const { size, nodes } = tree;
  const { first, leaves } = leafOrder(tree);
  const cells = new Uint8Array(leaves.length * columns);
  const highest = nodes.at(-1)?.height ?? 0;
  /** By cluster: its column, or its parent's column until its own is known. Its row is that of its first leaf. */
  const at = new Uint32Array(size + nodes.length).fill(columns - 1, 0, size);
  for (let index = nodes.length - 1; index >= 0; index--) {
    const { height } = nodes[index]!;
    const column = highest === 0 ? columns : Math.round((1 - height / highest) * (columns - 1));
    at[size + index] = Math.min(Math.max(column, at[size + index]!), columns - 2);
    for (const child of nodes[index]!.children) {
      at[child] = child < size ? columns - 1 : at[size + index]!;
    }
  }
  for (const [index, { children }] of nodes.entries()) {
    const node = size + index;
    const column = at[node]!;
    for (let row = first[children[0]!]!; row < first[children.at(-1)!]!; row++) {
      cells[row * columns + column]! |= DOWN;
      cells[(row + 1) * columns + column]! |= UP;
    }
    for (const child of children) {
      for (let place = column; place < at[child]!; place++) {
        cells[first[child]! * columns + place]! |= RIGHT;
        cells[first[child]! * columns + place + 1]! |= LEFT;
      }
    }
  }
  return cells;
}
