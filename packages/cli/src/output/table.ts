import { terminalText } from '@virt-similarity/reporters';

/** Rows as lines of left-aligned columns, two blanks apart, with what a terminal would obey escaped. */
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
