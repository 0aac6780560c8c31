import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

// tsyringe fails to load without reflect-metadata.
require('reflect-metadata');

/** tsyringe, loaded by `require`: with `import`, Node.js would scan its forty files for exported names. */
export const { container, inject, injectable, instanceCachingFactory } =
  require('tsyringe') as typeof import('tsyringe');
