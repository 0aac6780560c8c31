import type { Plugin } from '@virt-similarity/core';
import { LibguestfsReader } from './libguestfs/libguestfs-reader.js';
import { QemuReader } from './qemu/qemu-reader.js';
import { RawReader } from './raw/raw-reader.js';

export { removeStaleRunDirectories } from '@virt-similarity/image-tools';
export { LibguestfsReader } from './libguestfs/libguestfs-reader.js';
export { QemuReader } from './qemu/qemu-reader.js';
export { RawReader } from './raw/raw-reader.js';

/** The readers in the order in which `--reader auto` prefers them: those with the fewest requirements first. */
export default {
  name: '@virt-similarity/readers',
  url: import.meta.url,
  readers: { raw: RawReader, qemu: QemuReader, libguestfs: LibguestfsReader },
} satisfies Plugin;
