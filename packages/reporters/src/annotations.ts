import type { Analysis, AnalyzedImage, Annotation } from '@virt-similarity/core';
import { excerptOf, messageOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import { terminalText } from '@virt-similarity/core/reporting';
import { safeLabels } from './tree-labels.js';

/** The longest line of a table in characters, to limit memory. */
const LONGEST_LINE = 1024 * 1024;
/** The largest number of columns after the first, to limit memory. */
const MOST_COLUMNS = 64;
const DELIMITERS = ['\t', ';', ','];

/** A table about images. The first column names the images; the other columns annotate them. */
export interface AnnotationTable {
  /** The names of the columns after the first; unique. */
  readonly columns: readonly string[];
  /** For each line: the name of the image, and a value for each column. */
  readonly rows: readonly (readonly [image: string, ...values: string[]])[];
}

/**
 * Parses comma-separated values (RFC 4180) with a header line. The separator is a tab, a semicolon or a comma: the
 * first of these that the header contains. Blanks around values, and empty lines, are ignored.
 *
 * @throws `usage` if a line is too long, has another number of cells than the header, or is not CSV, for example
 *   because its quotes do not end; if a column has no name or the name of another column; or if the number of columns
 *   after the first is not 1 to 64.
 */
export async function parseAnnotations(text: string): Promise<AnnotationTable> {
  // Imported here because it loads slowly and is rarely needed.
  const { parse } = await import('csv-parse/sync');
  const header = /^[^\r\n]*/.exec(text)![0];
  const delimiter = DELIMITERS.find((each) => header.includes(each)) ?? ',';
  const options = { bom: true, delimiter, max_record_size: LONGEST_LINE, skip_empty_lines: true, trim: true };
  let lines: string[][];
  try {
    lines = parse(text, options);
  } catch (cause) {
    const found = messageOf(cause);
    throw new VirtSimilarityError('usage', `cannot read the annotations: ${found}; write them as CSV (RFC 4180)`, {
      cause,
    });
  }
  const [[, ...columns] = [], ...rows] = lines;
  const wrong = columns.find((name, index) => name === '' || columns.indexOf(name) !== index);
  if (columns.length === 0 || columns.length > MOST_COLUMNS || wrong !== undefined) {
    const found =
      wrong === undefined
        ? String(columns.length)
        : wrong === ''
          ? 'a column without a name'
          : `${excerptOf(wrong)} twice`;
    const expected = `a header line with 1 to ${MOST_COLUMNS} different names after the first column`;
    throw new VirtSimilarityError('usage', `cannot read the annotations: expected ${expected}, found ${found}`);
  }
  return { columns, rows: rows as unknown as AnnotationTable['rows'] };
}

/**
 * Adds the columns of a table to an analysis. A line names an image by its name, its path, or its label in Newick
 * trees. Also returns the names in the table that no image has. The annotations that the analysis already has are
 * replaced.
 *
 * @throws `usage` if two lines name the same image.
 */
export function annotatedAnalysis(
  analysis: Analysis,
  { columns, rows }: AnnotationTable,
): { readonly analysis: Analysis; readonly unknown: readonly string[] } {
  const numbers = numbersOf(analysis.images);
  const lines = new Map<number, readonly string[]>();
  const unknown: string[] = [];
  for (const [name, ...values] of rows) {
    const image = numbers.get(name);
    if (image === undefined) {
      unknown.push(name);
    } else if (lines.has(image)) {
      const found = `two for ${analysis.images[image]!.name}`;
      throw new VirtSimilarityError(
        'usage',
        `expected one line of annotations for each image, found ${found}; remove one`,
      );
    } else {
      lines.set(image, values);
    }
  }
  const annotations = columns.map((name, column): Annotation => {
    return { name, values: analysis.images.map((_, image) => lines.get(image)?.[column] ?? '') };
  });
  return { analysis: { ...analysis, annotations }, unknown };
}

/**
 * Returns the numbers of images by the texts that name them. A name takes precedence over another image's path, and a
 * path over a label.
 */
function numbersOf(images: readonly AnalyzedImage[]): ReadonlyMap<string, number> {
  const labels = safeLabels(images);
  const forms = [
    labels,
    images.map(({ path }) => terminalText(path)),
    images.map(({ path }) => path),
    images.map(({ name }) => terminalText(name)),
    images.map(({ name }) => name),
  ];
  return new Map(forms.flatMap((texts) => texts.map((text, image): [string, number] => [text.trim(), image])));
}
