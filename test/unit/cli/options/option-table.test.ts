import { describe, expect, test } from '@jest/globals';
import { ANALYZE_DEFAULTS, ANALYZER_DEFAULTS, LINKAGES, type OptionDeclarations } from '@virt-similarity/core';
import { formatSize } from '@virt-similarity/core/options';
import { flagsOf } from '#cli/options/flags.js';
import {
  COMMON_OPTIONS,
  COMPARISON_OPTIONS,
  CONFIGURABLE_OPTIONS,
  IMAGE_OPTIONS,
  REPORT_OPTIONS,
} from '#cli/options/option-table.js';

const ANALYZE: OptionDeclarations = {
  ...IMAGE_OPTIONS,
  ...COMPARISON_OPTIONS,
  ...REPORT_OPTIONS,
  ...COMMON_OPTIONS,
};

describe('the option table', () => {
  test.each([
    ['reader', ANALYZE_DEFAULTS.reader],
    ['max-virtual-size', ANALYZE_DEFAULTS.maxVirtualSize],
    ['plugin-timeout', ANALYZER_DEFAULTS.pluginTimeout],
    ['metric', ANALYZE_DEFAULTS.metric],
    ['linkage', ANALYZE_DEFAULTS.linkage],
    ['clusterer', ANALYZE_DEFAULTS.clusterer],
  ])('has the same default of %s as the library', (name, value) => {
    expect(ANALYZE[name]?.default).toBe(value);
  });

  test('describes the default hash and block size, which apply without hash vectors among the images', () => {
    expect(ANALYZE.hash?.description).toContain(`else ${ANALYZE_DEFAULTS.hasher}`);
    expect(ANALYZE['block-size']?.description).toContain(`else ${formatSize(ANALYZE_DEFAULTS.blockSize)}`);
  });

  test('has the same defaults of sandbox and allow-in-use as the library', () => {
    expect({ sandbox: ANALYZE.sandbox?.default, inUse: ANALYZE['allow-in-use']?.default }).toEqual({
      sandbox: ANALYZE_DEFAULTS.sandbox === 'required',
      inUse: ANALYZE_DEFAULTS.allowInUse || undefined,
    });
  });

  test('lists every linkage', () => {
    expect(LINKAGES.filter((linkage) => !ANALYZE.linkage?.description.includes(linkage))).toEqual([]);
  });

  test('has no flag twice', () => {
    const words = flagsOf(ANALYZE).flatMap(({ long, short }) => [long, short ?? []].flat());
    expect(new Set(words).size).toBe(words.length);
  });

  test('lists the options that the configuration file can set', () => {
    expect(Object.keys(CONFIGURABLE_OPTIONS).sort()).toEqual(
      [
        ...[
          'allow-in-use',
          'block-size',
          'cache',
          'cache-decrypted',
          'clusterer',
          'connect',
          'exclude',
          'hash',
          'jobs',
          'linkage',
          'log-file',
          'max-virtual-size',
          'metric',
        ],
        ...['output-format', 'plugin-timeout', 'reader', 'recursive', 'sandbox'],
      ].sort(),
    );
  });
});
