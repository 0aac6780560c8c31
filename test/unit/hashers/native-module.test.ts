import { expect, test } from '@jest/globals';
import { loadNativeModule } from '#hashers/native-module.js';

test('compiled code that cannot be loaded is reported with a remedy, on one line', () => {
  const cause = new Error('invalid ELF header\nRequire stack: …');
  const load = () => {
    throw cause;
  };
  expect(() => loadNativeModule('blake3', '@napi-rs/blake-hash', load)).toThrow(
    expect.objectContaining({
      code: 'unavailable',
      cause,
      message:
        '[blake3] expected the optional package @napi-rs/blake-hash with compiled code for ' +
        `${process.platform}-${process.arch}, found none that loads (invalid ELF header Require stack: …); ` +
        "install virt-similarity again with optional packages, or choose `hasher: 'sha256'`",
    }),
  );
});
