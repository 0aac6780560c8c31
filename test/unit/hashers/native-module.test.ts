import { expect, test } from '@jest/globals';
import { loadNativeModule } from '#hashers/native-module.js';

test('compiled code that cannot be loaded is told with the remedy, on one line', () => {
  const cause = new Error('invalid ELF header\nRequire stack: …');
  const load = () => {
    throw cause;
  };
  expect(() => loadNativeModule('blake3', load)).toThrow(
    expect.objectContaining({
      code: 'unavailable',
      cause,
      message: `[blake3] cannot load its compiled code for ${process.platform}-${process.arch}; reinstall virt-similarity or choose \`hasher: 'sha256'\` (invalid ELF header Require stack: …)`,
    }),
  );
});
