/** A device number, split into the two parts that the Linux kernel uses in its lists. */
export interface DeviceNumber {
  readonly major: bigint;
  readonly minor: bigint;
}

/** Splits a device number of stat(2) as glibc's major() and minor() do. */
export function deviceNumber(device: bigint): DeviceNumber {
  return {
    major: ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xffff_f000n),
    minor: (device & 0xffn) | ((device >> 12n) & 0xffff_ff00n),
  };
}
