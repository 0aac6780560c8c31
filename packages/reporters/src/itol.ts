import type { Analysis, OptionDeclarations, OptionValues, Reporter } from '@virt-similarity/core';
import { CLUSTER_COLORS } from './cluster-colors.js';
import { CLUSTER_OPTIONS, clustersOf } from './clusters-of.js';
import { namesRows } from './names-table.js';
import { tableCell } from './table-cell.js';
import { LABEL_OPTIONS, safeLabels } from './tree-labels.js';

/*
 * Annotation files of the viewer iTOL for trees of the safe Newick dialect, to be dropped on the tree.
 * Formats: https://itol.embl.de/help.cgi#annot. iTOL shows labels and metadata as HTML.
 */

/** Writes the names of the images, which iTOL shows instead of the labels of a Newick tree. */
export class ItolLabelsReporter implements Reporter {
  readonly extension = '.itol-labels.txt';
  readonly mediaType = 'text/plain';
  readonly options: OptionDeclarations = LABEL_OPTIONS;

  *report({ images }: Analysis, options: OptionValues): Generator<string> {
    const labels = safeLabels(images, options);
    yield 'LABELS\nSEPARATOR TAB\nDATA\n';
    for (const [index, { name }] of images.entries()) {
      yield `${labels[index]}\t${itolText(name)}\n`;
    }
  }
}

/** Writes a strip with the colour of each image's cluster. */
export class ItolClustersReporter implements Reporter {
  readonly extension = '.itol-clusters.txt';
  readonly mediaType = 'text/plain';
  readonly options: OptionDeclarations = { ...LABEL_OPTIONS, ...CLUSTER_OPTIONS };

  *report(analysis: Analysis, options: OptionValues): Generator<string> {
    const labels = safeLabels(analysis.images, options);
    const clusters = clustersOf(analysis, options);
    yield 'DATASET_COLORSTRIP\nSEPARATOR TAB\nDATASET_LABEL\tcluster\nCOLOR\t#0072b2\nDATA\n';
    for (const [index, label] of labels.entries()) {
      const cluster = clusters[index]!;
      yield `${label}\t${CLUSTER_COLORS[cluster % CLUSTER_COLORS.length]}\tcluster ${cluster + 1}\n`;
    }
  }
}

/** Writes the columns of the table of names, and annotations, as metadata. */
export class ItolMetadataReporter implements Reporter {
  readonly extension = '.itol-metadata.txt';
  readonly mediaType = 'text/plain';
  readonly options: OptionDeclarations = { ...LABEL_OPTIONS, ...CLUSTER_OPTIONS };

  *report(analysis: Analysis, options: OptionValues): Generator<string> {
    const [header, ...rows] = namesRows(analysis, options);
    const [, ...fields] = header!;
    yield `METADATA\nSEPARATOR TAB\nFIELD_LABELS\t${fields.map(escaped).join('\t')}\nDATA\n`;
    for (const cells of rows) {
      yield `${cells.map(escaped).join('\t')}\n`;
    }
  }
}

function itolText(text: string): string {
  return escaped(tableCell(text));
}

/** Escapes `<` and `&` in the cell of a table. */
function escaped(cell: string): string {
  return cell.replace(/[<&]/g, (character) => `\\x${character.charCodeAt(0).toString(16)}`);
}
