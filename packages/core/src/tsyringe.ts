import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

// tsyringe refuses to be loaded without it.
require('reflect-metadata');

/** tsyringe, required: were it imported, Node.js would search its forty files for the names that they may export. */
export const { container, inject, injectable, instanceCachingFactory } =
  require('tsyringe') as typeof import('tsyringe');
