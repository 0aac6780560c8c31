import type { HashVector } from '@virt-similarity/core';

/** An image that a plan may change, or a backing file of such an image. */
export interface PlanImage {
  readonly vector: HashVector;
  /** Bytes that its own file occupies now, without backing files. */
  readonly bytes: number;
  /** The index of its backing image now; absent if it has none. */
  readonly backing?: number | undefined;
  /** Set if it is a backing file already, which no machine writes to: it stays as it is, and may serve as a base. */
  readonly frozen?: true | undefined;
}

/** The limits on what a plan may change. */
export interface PlanLimits {
  /** The largest number of backing files below an image, at least 1; 4 by default. */
  readonly maxDepth?: number | undefined;
  /** The least number of bytes that changing an image must save; 0 by default. */
  readonly minSaving?: number | undefined;
  /** The images that stay as they are, by index; they may serve as bases. */
  readonly keep?: ReadonlySet<number> | undefined;
  /** The only images that may serve as bases, by index; any if absent. Existing chains may stay. */
  readonly onlyBases?: ReadonlySet<number> | undefined;
  /** The group of each image; a base and its overlay must be in one group. All images are one group if absent. */
  readonly groups?: readonly string[] | undefined;
}
