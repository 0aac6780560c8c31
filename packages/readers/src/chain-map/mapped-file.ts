import type { ErrorContext } from '@virt-similarity/image-tools';
import type { FileBytes } from '../inspection/format-inspector.js';
import type { Holes } from './raw-map.js';

/** The file of a mapped image, and the context of its errors. */
export interface MappedFile extends FileBytes {
  readonly path: string;
  /** The file's holes, which read as zeros. */
  readonly holes: Holes;
  readonly errorContext: ErrorContext;
}
