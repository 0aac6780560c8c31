import type { Analysis, OptionValues, ReportCircumstances } from '@virt-similarity/core';
import { type Wording, wording } from '@virt-similarity/core/errors';
import { nearestItems } from '@virt-similarity/core/reporting';
import { clustersOf } from './clusters-of.js';
import { tableCell } from './table-cell.js';
import { safeLabels } from './tree-labels.js';

/** Yields a warning if the table of names is not written and a label differs from the name of its image. */
export function* omittedNames(
  { images }: Analysis,
  options: OptionValues,
  { isCompanionWritten }: ReportCircumstances,
): Generator<Wording> {
  if (isCompanionWritten) {
    return;
  }
  const labels = safeLabels(images, options);
  const changed = images.filter(({ name }, index) => name !== labels[index]).length;
  if (changed > 0) {
    const found = `${changed} of ${images.length} labels differ from the names of their images`;
    yield wording`${found}, and the table of names is not written; write it with ${{ option: 'companion' }}`;
  }
}

const COLUMNS = ['label', 'name', 'path', 'cluster', 'nearest', 'distance', 'size', 'data', 'format'];

/**
 * Yields a table of the images by label: a header line, then one line for each image, with columns separated by tabs.
 * Auspice, Taxonium, IcyTree and Microreact read it as metadata. Characters that table readers interpret, such as
 * quotes and the beginnings of formulas, and unprintable characters are escaped as by `tableCell`.
 *
 * `cluster` numbers the clusters from 1; `nearest` is the label of the nearest image; `size` and `data` are the bytes
 * of the disk and of its non-zero blocks. A cell without a value is empty. Annotations follow; an annotation with the
 * name of one of these columns is called `annotation.NAME`.
 */
export function* namesTable(analysis: Analysis, options: OptionValues): Generator<string> {
  for (const cells of namesRows(analysis, options)) {
    yield `${cells.join('\t')}\n`;
  }
}

/** Yields the lines of {@link namesTable} as cells, the header first. */
export function* namesRows(analysis: Analysis, options: OptionValues): Generator<readonly string[]> {
  const { images, parameters, annotations = [] } = analysis;
  yield [...COLUMNS, ...annotations.map(({ name }) => tableCell(COLUMNS.includes(name) ? `annotation.${name}` : name))];
  const labels = safeLabels(images, options);
  const clusters = clustersOf(analysis, options);
  const nearest = nearestItems(analysis.distances);
  for (const [index, { name, path, virtualSize, dataBlocks, vector }] of images.entries()) {
    const other = labels[nearest.items[index]!];
    const cells = [
      labels[index]!,
      tableCell(name),
      tableCell(path),
      clusters[index]! + 1,
      other ?? '',
      other === undefined ? '' : nearest.distances[index]!,
      virtualSize,
      dataBlocks * parameters.blockSize,
      tableCell(vector?.identity?.chain[0]?.format ?? ''),
    ];
    yield [...cells.map(String), ...annotations.map(({ values }) => tableCell(values[index]!))];
  }
}
