import type { Passphrase } from '../passphrase.js';

/** A key for encrypted disks. */
export interface DiskKey {
  /**
   * The disks and partitions that the key is for: `all` for all of them, the UUID of a LUKS header in lower case,
   * `/dev/sda` for every image that is encrypted completely, or `/dev/sda1` and so on for a partition of every image.
   */
  readonly selector: string;
  /** The passphrases to try, in order. */
  readonly passphrases: readonly Passphrase[];
}
