import type {
  Analysis,
  Companion,
  OptionDeclarations,
  OptionValues,
  ReportCircumstances,
  Reporter,
} from '@virt-similarity/core';
import type { Wording } from '@virt-similarity/core/errors';
import { distanceBetween } from '@virt-similarity/core/reporting';
import { CLUSTER_OPTIONS } from './clusters-of.js';
import { namesTable, omittedNames } from './names-table.js';
import { LABEL_OPTIONS, safeLabels } from './tree-labels.js';

/** The number of characters of a name in the strict format. */
const STRICT_LENGTH = 10;

/**
 * Writes the distances as a PHYLIP distance matrix, for programs that build trees from distances: the number of images,
 * then a line for each image with its label and its distances.
 *
 * Format: https://phylipweb.github.io/phylip/doc/distance.html. In the relaxed form, a label of any length ends at the
 * first blank; in the strict form, it has exactly ten characters.
 */
export class PhylipReporter implements Reporter {
  readonly extension = '.phy';
  readonly otherExtensions = ['.phylip', '.dist'];
  readonly mediaType = 'text/plain';
  readonly options: OptionDeclarations = {
    strict: { type: 'boolean', description: 'phylip: labels of exactly ten characters' },
    triangle: {
      type: 'enum',
      values: ['square', 'lower'],
      default: 'square',
      description: 'phylip: the square matrix, or its lower triangle without the diagonal',
    },
    ...LABEL_OPTIONS,
    ...CLUSTER_OPTIONS,
  };

  readonly companion: Companion = {
    extension: '.phy.names.tsv',
    report: (analysis, options) => namesTable(analysis, withLabelLength(options)),
  };

  warnings(analysis: Analysis, options: OptionValues, circumstances: ReportCircumstances): Iterable<Wording> {
    return omittedNames(analysis, withLabelLength(options), circumstances);
  }

  *report({ images, distances }: Analysis, options: OptionValues): Generator<string> {
    const labels = safeLabels(images, withLabelLength(options));
    const { size } = distances;
    yield `${size}\n`;
    for (let row = 0; row < size; row++) {
      const end = options.triangle === 'lower' ? row : size;
      const cells = [options.strict === true ? labels[row]!.padEnd(STRICT_LENGTH) : labels[row]!];
      for (let column = 0; column < end; column++) {
        cells.push(String(distanceBetween(distances, row, column)));
      }
      yield `${cells.join(' ')}\n`;
    }
  }
}

function withLabelLength(options: OptionValues): OptionValues {
  const given = Number(options['label-length'] ?? STRICT_LENGTH);
  return options.strict === true ? { ...options, 'label-length': Math.min(STRICT_LENGTH, given) } : options;
}
