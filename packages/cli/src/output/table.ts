import { terminalText } from '@virt-similarity/core/reporting';

/**
 * Formats rows as lines of left-aligned columns, separated by two spaces, with terminal control characters escaped.
 */
export function* table(rows: readonly (readonly string[])[]): Iterable<string> {
  const cells = rows.map((row) => row.map(terminalText));
  const widths: number[] = [];
  for (const row of cells) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  for (const row of cells) {
    yield `${row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()}\n`;
  }
}
