import { describe, expect, test } from '@jest/globals';
import type { OptionDeclarations } from '@virt-similarity/core';
import { AsciiReporter } from '@virt-similarity/reporters';
import { terminalOptions } from '#cli/output/terminal-options.js';

const colors = (usesColors: boolean) => ({ usesColors: () => usesColors });

function reporterWith(options: OptionDeclarations) {
  return { extension: '.x', mediaType: 'text/plain', options, report: () => [] };
}

describe('options of a report that adapt to the terminal', () => {
  test('are its width and whether it has colors', () => {
    const reporter = new AsciiReporter();
    expect(terminalOptions(reporter, colors(true), { isTTY: true, columns: 132 })).toEqual({
      width: 132,
      'cluster-colors': true,
    });
    expect(terminalOptions(reporter, colors(false), { isTTY: true, columns: 132 })).toEqual({ width: 132 });
  });

  test('are colors only, if standard output is not a terminal and the user wants colors', () => {
    expect(terminalOptions(new AsciiReporter(), colors(true), {})).toEqual({ 'cluster-colors': true });
    expect(terminalOptions(new AsciiReporter(), colors(false), {})).toEqual({});
  });

  test('have no width if the size of the terminal was never set', () => {
    expect(terminalOptions(new AsciiReporter(), colors(false), { isTTY: true, columns: 0 })).toEqual({});
  });

  test('have a width within the range that the reporter declares', () => {
    const declared = { type: 'number', description: 'x', min: 40, max: 100, onTerminal: 'columns' } as const;
    const narrow = { isTTY: true, columns: 20 };
    const wide = { isTTY: true, columns: 200 };
    expect(terminalOptions(reporterWith({ w: declared }), colors(false), narrow)).toEqual({ w: 40 });
    expect(terminalOptions(reporterWith({ w: declared }), colors(false), wide)).toEqual({ w: 100 });
    expect(terminalOptions(reporterWith({ w: { type: 'number', description: 'x' } }), colors(true), wide)).toEqual({});
  });
});
