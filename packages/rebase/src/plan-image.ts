import type { HashVector } from '@virt-similarity/core';

/** An image that a plan can change, or a backing file of such an image. */
export interface PlanImage {
  readonly vector: HashVector;
  /** Bytes that the image's own file occupies now, without backing files. */
  readonly bytes: number;
  /** The index of the image that is its backing file now; absent if it has no backing file. */
  readonly backing?: number | undefined;
  /**
   * Set if the image is already the backing file of another image, so that no machine writes to it. It stays as it is,
   * and can serve as a base.
   */
  readonly frozen?: true | undefined;
}

/** The limits within which a plan can change images. */
export interface PlanLimits {
  /**
   * The largest number of backing files below an image, at least 1; 4 by default. Existing chains that must not change
   * can be deeper.
   */
  readonly maxDepth?: number | undefined;
  /** The smallest number of bytes that changing an image must save; 0 by default. */
  readonly minSaving?: number | undefined;
  /** The images that stay as they are, by index. They can serve as bases. */
  readonly keep?: ReadonlySet<number> | undefined;
  /**
   * The only images that can become bases, by index; any image if absent. An overlay can keep its present base even if
   * that base is not listed.
   */
  readonly onlyBases?: ReadonlySet<number> | undefined;
  /**
   * The group of each image; all images are in one group if absent. A new overlay and its base are in the same group.
   * An overlay can keep its present base in another group.
   */
  readonly groups?: readonly string[] | undefined;
}
