import stringWidth from 'string-width';

/** Returns how many columns of a terminal a printable text occupies; East Asian wide characters occupy two. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/**
 * Returns a text unchanged if it has at most `width` columns. Otherwise replaces its middle with `…`, so that it fits.
 */
export function shortened(text: string, width: number): string {
  // A UTF-16 code unit is at most two columns wide.
  if (text.length * 2 <= width || widthOf(text) <= width) {
    return text;
  }
  const graphemes = [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
  const head = taken(graphemes, Math.ceil((width - 1) / 2));
  const tail = taken(graphemes.toReversed(), width - 1 - widthOf(head.join('')));
  return `${head.join('')}…${tail.toReversed().join('')}`;
}

/** Returns the first graphemes that fit into a number of columns. */
function taken(graphemes: readonly string[], width: number): string[] {
  let remaining = width;
  const fitting: string[] = [];
  for (const grapheme of graphemes) {
    remaining -= widthOf(grapheme);
    if (remaining < 0) {
      break;
    }
    fitting.push(grapheme);
  }
  return fitting;
}
