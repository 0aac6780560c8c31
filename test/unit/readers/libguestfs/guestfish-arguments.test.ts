import { describe, expect, test } from '@jest/globals';
import { addDrive, deviceName, download, LAUNCH, remoteArguments } from '#readers/libguestfs/guestfish-arguments.js';

describe('remoteArguments', () => {
  test('joins commands for one guestfish to run', () => {
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

  test('lets a failing download leave the listening guestfish alive', () => {
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
  test('neither adds a drive read-only nor leaves its format open', () => {
    expect(addDrive('/run/drive-3')).not.toContain('readonly:true');
    expect(addDrive('/run/drive-3')).toContain('format:raw');
  });

  test.each(['/run/a b/drive-0', '/run/a:b/drive-0', '/run/a,b', "/run/'a'", '/run/a\nb', 'drive-0'])(
    'refuses a socket at %j, which would be taken apart',
    (path) => {
      expect(() => addDrive(path)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    },
  );
});

test('drives are named as the kernel names them', () => {
  const names = [0, 25, 26, 51, 52, 63, 254].map(deviceName);
  expect(names).toEqual(['/dev/sda', '/dev/sdz', '/dev/sdaa', '/dev/sdaz', '/dev/sdba', '/dev/sdbl', '/dev/sdiu']);
});
