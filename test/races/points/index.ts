import { CACHES } from './caches.js';
import { LISTINGS } from './listings.js';
import { NAMED_IMAGES } from './named-images.js';
import { OUTPUTS } from './outputs.js';
import type { Point } from './point.js';
import { REFERENCES } from './references.js';

/** All points at which names are exchanged. */
export const POINTS: readonly Point[] = [...NAMED_IMAGES, ...REFERENCES, ...LISTINGS, ...OUTPUTS, ...CACHES];
