import type { Plugin } from '@virt-similarity/core';
import { LibguestfsReader } from './libguestfs/libguestfs-reader.js';
import { NbdReader } from './nbd/nbd-reader.js';
import { NbdSource } from './nbd/nbd-source.js';
import { NBD_SCHEMES } from './nbd/nbd-uri.js';
import { QemuReader } from './qemu/qemu-reader.js';
import { RawReader } from './raw/raw-reader.js';

export { removeStaleRunDirectories } from '@virt-similarity/image-tools';
export { FORMAT_NAMES } from './inspection/format-names.js';
export { LibguestfsReader } from './libguestfs/libguestfs-reader.js';
export { NbdReader } from './nbd/nbd-reader.js';
export { NbdSource } from './nbd/nbd-source.js';
export { QemuReader } from './qemu/qemu-reader.js';
export { RawReader } from './raw/raw-reader.js';

/**
 * The plugin with the readers and sources of this package. The readers are in the order in which `--reader auto`
 * prefers them.
 */
export default {
  name: '@virt-similarity/readers',
  url: import.meta.url,
  sources: Object.fromEntries(NBD_SCHEMES.map((scheme) => [`${scheme}://`, new NbdSource(scheme)])),
  readers: { nbd: NbdReader, raw: RawReader, qemu: QemuReader, libguestfs: LibguestfsReader },
} satisfies Plugin;
