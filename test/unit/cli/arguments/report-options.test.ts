import { describe, expect, test } from '@jest/globals';
import type { NamedPart, OptionDeclaration, OptionDeclarations, Reporter } from '@virt-similarity/core';
import { collectReportOptions } from '#cli/arguments/report-options.js';

const reporterWith = (name: string, options: OptionDeclarations): NamedPart<Reporter> => ({
  name,
  part: { extension: `.${name}`, mediaType: 'text/plain', options, report: () => [] },
});

const SWITCH: OptionDeclaration = { type: 'boolean', description: '' };
const SIZE: OptionDeclaration = { type: 'size', description: 'of a page', default: 4096 };

describe('options of reporters', () => {
  test('are merged if two reporters declare the same option, with the values of both', () => {
    const one = reporterWith('one', { labels: { type: 'enum', description: 'first', values: ['safe', 'quoted'] } });
    const two = reporterWith('two', { labels: { type: 'enum', description: 'second', values: ['safe', 'none'] } });
    expect(collectReportOptions([one, two], {})).toEqual({
      labels: { type: 'enum', description: 'first', values: ['safe', 'quoted', 'none'] },
    });
  });

  test('keep their type and default, and lose their short form', () => {
    const reporter = reporterWith('one', { page: { ...SIZE, short: 'p' } });
    expect(collectReportOptions([reporter], {})).toEqual({ page: SIZE });
  });

  test.each([
    ['has the name of an option of the command', [reporterWith('x', { jobs: SWITCH })]],
    ['has a name with capital letters and a space', [reporterWith('x', { 'Two Words': SWITCH })]],
    ['has another type for another reporter', [reporterWith('x', { a: SWITCH }), reporterWith('y', { a: SIZE })]],
  ])('are refused if an option %s', (_, reporters) => {
    expect(() => collectReportOptions(reporters, { jobs: SWITCH })).toThrow(
      expect.objectContaining({ code: 'plugin' }),
    );
  });
});
