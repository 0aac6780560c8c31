import type { FuzzTarget } from '../fuzz-target.js';
import { archives } from './archives.js';
import { ESCAPERS } from './escapers.js';
import { cachedVectors, namedVectors } from './hash-vector-files.js';
import { mappedContent, otherContent } from './image-content.js';
import { imageHeaders } from './image-headers.js';
import { nbdHandshakes, nbdReplies } from './nbd.js';
import { OUTSIDE_INPUT } from './outside-input.js';
import { USER_INPUT } from './user-input.js';

/** All fuzz targets. */
export const TARGETS: readonly FuzzTarget[] = [
  imageHeaders,
  archives,
  mappedContent,
  otherContent,
  namedVectors,
  cachedVectors,
  nbdReplies,
  nbdHandshakes,
  ...USER_INPUT,
  ...OUTSIDE_INPUT,
  ...ESCAPERS,
];
