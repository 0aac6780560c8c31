import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { blockDeviceSize } from '#readers/inspection/block-device-size.js';
import { deviceNumber } from '#readers/inspection/device-number.js';

describe('a block device', () => {
  test('that is unknown to the kernel is unreadable', async () => {
    await expect(blockDeviceSize(0xfff00n)).rejects.toMatchObject({
      code: 'unreadable',
      message: expect.stringContaining('/sys/dev/block/4095:0/size'),
    });
  });

  test('number is split into major and minor as in glibc', () => {
    expect(deviceNumber(0xfe01n)).toEqual({ major: 254n, minor: 1n });
    const half = fc.bigInt({ min: 0n, max: 0xffff_ffffn });
    fc.assert(
      fc.property(half, half, (major, minor) => {
        // gnu_dev_makedev in glibc.
        const upper = ((major & 0xfffn) << 8n) | ((major & ~0xfffn) << 32n);
        const device = upper | (minor & 0xffn) | ((minor & ~0xffn) << 12n);
        expect(deviceNumber(device)).toEqual({ major, minor });
      }),
    );
  });
});
