import { describe, expect, test } from '@jest/globals';
import { ANALYZE_SETTINGS, parseSettings } from '#cli/arguments/settings.js';

describe('seconds', () => {
  test.each([
    ['60', 60],
    ['0', 0],
    ['0.25', 0.25],
    ['1000000', 1_000_000],
  ])('of %s are %d', (text, seconds) => {
    expect(parseSettings(ANALYZE_SETTINGS, { pluginTimeout: text }).pluginTimeout).toBe(seconds);
  });

  test.each(['', '-1', '1e3', '60s', '1000001', '99999999', '0.0001', 'Infinity', '٣'])('are not %j', (text) => {
    expect(() => parseSettings(ANALYZE_SETTINGS, { pluginTimeout: text })).toThrow(
      `--plugin-timeout: expected seconds from 0 to 1000000, such as 60 or 0.5; found '${text}'`,
    );
  });
});
