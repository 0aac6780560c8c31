import { expect, test } from '@jest/globals';
import { nbdkitArguments } from '#readers/libguestfs/drive-export.js';

test('nbdkit serves an export that appears writable but refuses writes, and exits with its parent', () => {
  expect(nbdkitArguments('/run/nbd-1', '/run/drive-0', '/run/drive-0.pid')).toEqual([
    '--foreground',
    '--exit-with-parent',
    '--unix=/run/drive-0',
    '--pidfile=/run/drive-0.pid',
    '--filter=checkwrite',
    'nbd',
    'socket=/run/nbd-1',
  ]);
});
