import type { Plugin } from '@virt-similarity/core';
import { QemuReader } from './qemu/qemu-reader.js';
import { RawReader } from './raw/raw-reader.js';

export { QemuReader } from './qemu/qemu-reader.js';
export { RawReader } from './raw/raw-reader.js';

export default {
  name: '@virt-similarity/readers',
  url: import.meta.url,
  readers: [RawReader, QemuReader],
} satisfies Plugin;
