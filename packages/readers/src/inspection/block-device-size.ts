import { readFile } from 'node:fs/promises';
import { deviceNumber } from './device-number.js';
import { HeaderError } from './header-error.js';

const SYSTEM_SECTOR_BYTES = 512n;

/**
 * Bytes of the block device with this number, as the Linux kernel tells them: always in sectors of 512 bytes.
 *
 * @throws `HeaderError` where it does not.
 */
export async function blockDeviceSize(device: bigint): Promise<bigint> {
  const { major, minor } = deviceNumber(device);
  const path = `/sys/dev/block/${major}:${minor}/size`;
  try {
    return BigInt((await readFile(path, 'utf8')).trim()) * SYSTEM_SECTOR_BYTES;
  } catch (cause) {
    throw new HeaderError('unreadable', `the kernel does not tell its size in ${path}; mount /sys`, { cause });
  }
}
