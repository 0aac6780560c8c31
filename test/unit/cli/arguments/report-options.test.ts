import { describe, expect, test } from '@jest/globals';
import type { NamedPart, Reporter, ReportOption } from '@virt-similarity/core';
import { collectReportOptions } from '#cli/arguments/report-options.js';

const reporterWith = (name: string, ...options: ReportOption[]): NamedPart<Reporter> => ({
  name,
  part: { extension: `.${name}`, mediaType: 'text/plain', options, report: () => [] },
});

describe("reporters' options", () => {
  test('appear once where two reporters share one, with the values of both', () => {
    const one = reporterWith('one', { name: 'labels', description: 'first', values: ['safe', 'quoted'] });
    const two = reporterWith('two', { name: 'labels', description: 'second', values: ['safe', 'none'] });
    expect(collectReportOptions([one, two], new Set())).toEqual([
      { name: 'labels', description: 'first', values: ['safe', 'quoted', 'none'] },
    ]);
  });

  test.each([
    ['has the name of one of the command', [reporterWith('x', { name: 'jobs', description: '' })]],
    ['cannot be typed', [reporterWith('x', { name: 'Two Words', description: '' })]],
    [
      'takes a value for one reporter only',
      [
        reporterWith('x', { name: 'a', description: '' }),
        reporterWith('y', { name: 'a', description: '', values: ['b'] }),
      ],
    ],
  ])('are refused where one %s', (_, reporters) => {
    expect(() => collectReportOptions(reporters, new Set(['jobs']))).toThrow(
      expect.objectContaining({ code: 'plugin' }),
    );
  });
});
