import type { Cladogram, CladogramNode } from '@virt-similarity/core';

/** How the parts of a tree are written. Clusters are numbered as in `Cladogram`. */
export interface TreeWriter {
  leaf(image: number): string;
  /** Before the children of a node. */
  open(cluster: number, node: CladogramNode): string;
  /** Between two children. */
  readonly separator: string;
  /** After the children of a node. */
  close(cluster: number, node: CladogramNode): string;
}

/** Yields a tree in nested form, from its root, without recursion. */
export function* treePieces({ size, nodes }: Cladogram, writer: TreeWriter): Generator<string> {
  const pending: (number | string)[] = [size + nodes.length - 1];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string') {
      yield next;
    } else if (next < size) {
      yield writer.leaf(next);
    } else {
      const node = nodes[next - size]!;
      yield writer.open(next, node);
      pending.push(writer.close(next, node));
      for (const [position, child] of node.children.toReversed().entries()) {
        pending.push(...(position === 0 ? [child] : [writer.separator, child]));
      }
    }
  }
}
