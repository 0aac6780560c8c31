import { describe, expect, test } from '@jest/globals';
import { ANALYZE_DEFAULTS, LINKAGES } from '@virt-similarity/core';
import { defineCommands } from '#cli/arguments/commands.js';
import { HASH_SETTINGS, parseSettings } from '#cli/arguments/settings.js';

const { analyze } = defineCommands([{ name: 'dialect', description: 'of the labels', values: ['safe', 'quoted'] }]);
const describeOption = (long: string) => analyze.options.find((option) => option.long === long)?.description ?? '';

describe('the help', () => {
  test.each([
    ['--reader', ANALYZE_DEFAULTS.reader],
    ['--hash', ANALYZE_DEFAULTS.hasher],
    ['--metric', ANALYZE_DEFAULTS.metric],
    ['--linkage', ANALYZE_DEFAULTS.linkage],
    ['--clusterer', ANALYZE_DEFAULTS.clusterer],
  ])('tells the default of %s that the library has', (long, value) => {
    expect(describeOption(long)).toContain(`${value} (default)`);
  });

  test('tells the default block size that the library has', () => {
    expect(describeOption('--block-size')).toContain(`default ${ANALYZE_DEFAULTS.blockSize / 1024}K`);
  });

  test('tells the cache directory that is used', () => {
    expect(describeOption('--cache')).toContain(`./${parseSettings(HASH_SETTINGS, {}).cache}`);
  });

  test('lists every linkage', () => {
    expect(LINKAGES.filter((linkage) => !describeOption('--linkage').includes(linkage))).toEqual([]);
  });

  test('lists the options of reporters with their values', () => {
    expect(analyze.helpInformation()).toMatch(/--dialect <value> +of the labels \(choices: "safe", "quoted"\)/);
  });
});
