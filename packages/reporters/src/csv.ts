import type { Analysis, OptionDeclarations, OptionValues, Reporter } from '@virt-similarity/core';
import { distanceBetween } from '@virt-similarity/core/reporting';
import { csvLine } from './table-cell.js';

/**
 * Writes the distances as comma-separated values (RFC 4180): a square matrix with the names of the images in the first
 * line and column, or one line for each pair, optionally only for pairs up to `max-distance`. Characters of names that
 * spreadsheets or table readers interpret are written as `\\`, `\xNN` or `\u{N…}`.
 */
export class CsvReporter implements Reporter {
  readonly extension = '.csv';
  readonly mediaType = 'text/csv';
  readonly options: OptionDeclarations = {
    table: {
      type: 'enum',
      values: ['square', 'pairs'],
      default: 'square',
      description: 'csv: a square matrix, or one line for each pair',
    },
    'max-distance': {
      type: 'number',
      placeholder: 'distance',
      min: 0,
      description: 'csv: one line for each pair up to this distance',
    },
  };

  *report({ images, distances }: Analysis, options: OptionValues): Generator<string> {
    const names = images.map(({ name }) => name);
    const { size, values } = distances;
    const most = Number(options['max-distance'] ?? Number.POSITIVE_INFINITY);
    if (options.table !== 'pairs' && most === Number.POSITIVE_INFINITY) {
      yield csvLine(['image', ...names]);
      for (let row = 0; row < size; row++) {
        const cells = names.map((_, column) => distanceBetween(distances, row, column));
        yield csvLine([names[row], ...cells]);
      }
      return;
    }
    yield csvLine(['image', 'other', 'distance']);
    for (let row = 0, index = 0; row < size; row++) {
      for (let column = row + 1; column < size; column++, index++) {
        if (values[index]! <= most) {
          yield csvLine([names[row], names[column], values[index]]);
        }
      }
    }
  }
}
