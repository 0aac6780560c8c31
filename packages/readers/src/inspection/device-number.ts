/** A device's number, in the two halves by which the Linux kernel's lists name it. */
export interface DeviceNumber {
  readonly major: bigint;
  readonly minor: bigint;
}

/** Takes a device number apart as glibc's major() and minor() do: the layout is the kernel's dev_t. */
export function deviceNumber(device: bigint): DeviceNumber {
  return {
    major: ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xffff_f000n),
    minor: (device & 0xffn) | ((device >> 12n) & 0xffff_ff00n),
  };
}
