import type { Plugin } from '@virt-similarity/core';
import { RawReader } from './raw/raw-reader.js';

export { RawReader } from './raw/raw-reader.js';

export default { name: '@virt-similarity/readers', url: import.meta.url, readers: [RawReader] } satisfies Plugin;
