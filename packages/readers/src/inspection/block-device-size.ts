import { readFile } from 'node:fs/promises';
import { deviceNumber } from './device-number.js';
import { HeaderError } from './header-error.js';

const SYSTEM_SECTOR_BYTES = 512n;

/**
 * Returns the size in bytes of the block device with this number. The Linux kernel reports the size in sectors of 512
 * bytes, whatever the size of the device's own sectors.
 *
 * @throws `HeaderError` if the size cannot be read.
 */
export async function blockDeviceSize(device: bigint): Promise<bigint> {
  const { major, minor } = deviceNumber(device);
  const path = `/sys/dev/block/${major}:${minor}/size`;
  try {
    return BigInt((await readFile(path, 'utf8')).trim()) * SYSTEM_SECTOR_BYTES;
  } catch (cause) {
    throw new HeaderError(
      'unreadable',
      `its size cannot be read from ${path}; check that /sys is mounted and the device still exists`,
      { cause },
    );
  }
}
