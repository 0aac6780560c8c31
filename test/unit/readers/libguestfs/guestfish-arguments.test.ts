import { describe, expect, test } from '@jest/globals';
import { addDrive, deviceName, download, LAUNCH, remoteArguments } from '#readers/libguestfs/guestfish-arguments.js';

describe('remoteArguments', () => {
  test('joins commands for one guestfish', () => {
    const commands = [addDrive('/run/x/drive-0'), LAUNCH];
    expect(remoteArguments(42, commands)).toEqual([
      '--remote=42',
      '--',
      'add',
      '',
      'format:raw',
      'protocol:nbd',
      'server:unix:/run/x/drive-0',
      ':',
      'run',
    ]);
  });

  test('keeps the listening guestfish running when a download fails', () => {
    expect(remoteArguments(7, [download(1, 512, 1024, '/run/x/transfer-1')])).toEqual([
      '--remote=7',
      '--',
      '-download-offset',
      '/dev/sdb',
      '/run/x/transfer-1',
      '512',
      '1024',
    ]);
  });
});

describe('addDrive', () => {
  test('does not add a drive read-only, and sets its format', () => {
    expect(addDrive('/run/drive-3')).not.toContain('readonly:true');
    expect(addDrive('/run/drive-3')).toContain('format:raw');
  });

  test.each(['/run/a b/drive-0', '/run/a:b/drive-0', '/run/a,b', "/run/'a'", '/run/a\nb', 'drive-0'])(
    'refuses a socket at %j, which would be split',
    (path) => {
      expect(() => addDrive(path)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    },
  );
});

test('drives have the names that the kernel assigns', () => {
  const names = [0, 25, 26, 51, 52, 63, 254].map(deviceName);
  expect(names).toEqual(['/dev/sda', '/dev/sdz', '/dev/sdaa', '/dev/sdaz', '/dev/sdba', '/dev/sdbl', '/dev/sdiu']);
});
