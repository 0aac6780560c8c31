/** Returns how many columns of a terminal a printable text occupies; East Asian wide characters occupy two. */
export type WidthOf = (text: string) => number;

/**
 * Returns a function that measures the given texts and parts of them, or any text if no texts are given. Loads
 * string-width, which takes about 40 ms, unless all given texts are printable ASCII.
 */
export async function loadWidthOf(texts?: readonly string[]): Promise<WidthOf> {
  if (texts?.every((text) => /^[ -~]*$/.test(text))) {
    return (text) => text.length;
  }
  const { default: stringWidth } = await import('string-width');
  return (text) => stringWidth(text);
}

/**
 * Returns a text unchanged if it has at most `width` columns. Otherwise replaces its middle with `…`, so that it fits.
 */
export function shortened(text: string, width: number, widthOf: WidthOf): string {
  // A UTF-16 code unit is at most two columns wide.
  if (text.length * 2 <= width || widthOf(text) <= width) {
    return text;
  }
  const graphemes = [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
  const head = taken(graphemes, Math.ceil((width - 1) / 2), widthOf);
  const tail = taken(graphemes.toReversed(), width - 1 - widthOf(head.join('')), widthOf);
  return `${head.join('')}…${tail.toReversed().join('')}`;
}

/** Returns the first graphemes that fit into a number of columns. */
function taken(graphemes: readonly string[], width: number, widthOf: WidthOf): string[] {
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
