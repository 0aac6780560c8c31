import { expect, test } from '@jest/globals';
import { loadNativeModule } from '#hashers/native-module.js';

test('a compiled package that cannot be loaded is told with the remedy', () => {
  expect(() => loadNativeModule('no-such-package', 'blake3')).toThrow(
    expect.objectContaining({
      code: 'unavailable',
      message: expect.stringMatching(
        /^\[blake3\] cannot load no-such-package on .*; reinstall it or choose --hash sha256$/,
      ),
    }),
  );
});
