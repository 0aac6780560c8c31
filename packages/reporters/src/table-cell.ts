import { escapeSequence, UNPRINTABLE } from '@virt-similarity/core/reporting';

/**
 * The characters that table readers interpret: backslashes (our own escapes), quotes (Python, R), `#` (comments in R),
 * spaces at either end (stripped), and semicolons, which separate cells in locales whose list separator is a semicolon.
 * At the beginning, also `= + - @`, which start a formula in spreadsheets, and their full-width forms, which do so in
 * Excel. Unprintable characters are included too.
 */
const TABLE_ESCAPED = new RegExp(`[\\\\"'#;]|^[ =+\\-@\uff1d\uff0b\uff0d\uff20]| $|${UNPRINTABLE.source}`, 'gu');

/** Returns a text without characters that table readers interpret: they become `\\`, `\xNN` or `\u{N…}`. */
export function tableCell(text: string): string {
  return text.replace(TABLE_ESCAPED, escapeSequence);
}

/** Returns a line of comma-separated values (RFC 4180). Texts are escaped as by {@link tableCell}. */
export function csvLine(cells: readonly (string | number | undefined)[]): string {
  return `${cells.map(csvCell).join(',')}\n`;
}

function csvCell(value: string | number | undefined): string {
  if (typeof value !== 'string') {
    return String(value ?? '');
  }
  const text = tableCell(value);
  return text.includes(',') ? `"${text}"` : text;
}
