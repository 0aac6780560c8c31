import { expect, test } from '@jest/globals';
import { type ImageIdentity, isSettled } from '@virt-similarity/core';

/** 2026-11-29, in milliseconds. */
const NOW = 1_795_910_400_000;

/** Returns the identity of an image whose base has an mtime and a ctime of this many milliseconds before `NOW`. */
function identity(mtime: number, ctime = mtime): ImageIdentity {
  const ns = (before: number) => BigInt(NOW - before) * 1_000_000n;
  const part = {
    kind: 'file',
    path: '/a',
    device: 1n,
    inode: 1n,
    size: 1n,
    mtimeNs: ns(mtime),
    ctimeNs: ns(ctime),
  } as const;
  const top = { ...part, mtimeNs: 1n, ctimeNs: 1n };
  return {
    chain: [
      { format: 'qcow2', parts: [top] },
      { format: 'raw', parts: [part] },
    ],
  };
}

test.each([
  ['fine times 20 ms ago', 20, 20, true],
  ['fine times 19 ms ago', 19, 19, false],
  ['a fine mtime that was set to a whole second', 1000, 501, true],
  ['a fresh ctime with an old mtime', 10_000, 5, false],
  ['whole seconds, 2 s ago', 2000, 2000, true],
  ['whole seconds, 1 s ago', 1000, 1000, false],
  ['this very second', 0, 0, false],
  ['an mtime in the future', -3_600_000, 50, false],
  ['a ctime in the future', 50, -3_600_001, false],
])('isSettled returns whether a later write would change the timestamps: %s', (_, mtime, ctime, expected) => {
  expect(isSettled(identity(mtime, ctime), NOW)).toBe(expected);
});
