/** A node of a Newick tree. */
export interface NewickNode {
  /** Without quotes; empty for an inner node. */
  readonly label: string;
  /** The length of the branch above the node; 0 for a root without a length. */
  readonly length: number;
  readonly children: readonly NewickNode[];
}

/**
 * Parses a tree according to Gary Olsen's grammar, https://phylipweb.github.io/phylip/newick_doc.html.
 *
 * @throws Error unless the text is exactly one tree
 */
export function parseNewick(text: string): NewickNode {
  const tokens = text.trimEnd().match(/'(?:[^']|'')*'|[^\s()[\]':;,]+|[():;,]|[\s\S]/g) ?? [];
  let position = 0;
  const take = (expected: string) => {
    if (tokens[position] !== expected) {
      throw new Error(`expected ${expected}, found ${JSON.stringify(tokens[position])} in ${JSON.stringify(text)}`);
    }
    position += 1;
  };
  const node = (): NewickNode => {
    const children: NewickNode[] = [];
    let label = '';
    if (tokens[position] === '(') {
      do {
        position += 1;
        children.push(node());
      } while (tokens[position] === ',');
      take(')');
    } else {
      label = labelOf(tokens[position]);
      position += 1;
    }
    take(':');
    const length = Number(tokens[position]);
    if (!Number.isFinite(length)) {
      throw new Error(`expected a length, found ${tokens[position]}`);
    }
    position += 1;
    return { label, length, children };
  };
  const tree = tokens.at(-2) === ')' ? bareRoot(node) : node();
  take(';');
  if (position !== tokens.length) {
    throw new Error('expected the end of the tree');
  }
  return tree;

  /** Parses a root without a length. */
  function bareRoot(inner: () => NewickNode): NewickNode {
    const children: NewickNode[] = [];
    do {
      position += 1;
      children.push(inner());
    } while (tokens[position] === ',');
    take(')');
    return { label: '', length: 0, children };
  }
}

function labelOf(token: string | undefined): string {
  if (token === undefined || /^[():;,[\]]$/.test(token)) {
    throw new Error(`expected a label, found ${token}`);
  }
  return token.startsWith("'") ? token.slice(1, -1).replaceAll("''", "'") : token;
}
