import type { BaseCosts } from './base-costs.js';
import { NO_PARENT } from './optimum-branching.js';

/**
 * A forest of images, in which each image either uses one other image as its base or is a root. Moves change the base
 * of an image.
 */
export class BaseForest {
  readonly #parents: Int32Array;
  readonly #children: Set<number>[];
  readonly #costs: BaseCosts;

  constructor(parents: Int32Array, costs: BaseCosts) {
    this.#parents = parents.slice();
    this.#children = Array.from(parents, () => new Set<number>());
    this.#costs = costs;
    for (const [image, parent] of parents.entries()) {
      if (parent !== NO_PARENT) {
        this.#children[parent]!.add(image);
      }
    }
  }

  /** Returns a new array with the base of each image, or `NO_PARENT` for a root. */
  get parents(): Int32Array {
    return this.#parents.slice();
  }

  get size(): number {
    return this.#parents.length;
  }

  parentOf(image: number): number {
    return this.#parents[image]!;
  }

  /** The cost of all images in bytes, including `asBase` for each image that is a base. */
  get cost(): number {
    let sum = 0;
    for (let image = 0; image < this.size; image++) {
      sum += this.costOn(image, this.parentOf(image)) + (this.isBase(image) ? this.#costs.asBase[image]! : 0);
    }
    return sum;
  }

  isBase(image: number): boolean {
    return this.#children[image]!.size > 0;
  }

  costOn(image: number, base: number): number {
    return base === NO_PARENT ? this.#costs.roots[image]! : this.#costs.edges[base * this.size + image]!;
  }

  /** Returns the number of direct and indirect bases of an image. */
  depthOf(image: number): number {
    let depth = 0;
    for (let base = this.parentOf(image); base !== NO_PARENT; base = this.parentOf(base)) {
      depth++;
    }
    return depth;
  }

  /** Returns the depth of each image. */
  depths(): Int32Array {
    const depths = new Int32Array(this.size).fill(-1);
    const depthOf = (image: number): number => {
      if (depths[image] === -1) {
        const base = this.parentOf(image);
        depths[image] = base === NO_PARENT ? 0 : 1 + depthOf(base);
      }
      return depths[image]!;
    };
    for (let image = 0; image < this.size; image++) {
      depthOf(image);
    }
    return depths;
  }

  /** Returns the number of overlays in the longest chain above an image; 0 if no image uses it as a base. */
  heightOf(image: number): number {
    return Math.max(0, ...[...this.#children[image]!].map((child) => 1 + this.heightOf(child)));
  }

  /** Returns the image with all its direct and indirect overlays. */
  above(image: number): number[] {
    const found = [image];
    for (const each of found) {
      found.push(...this.#children[each]!);
    }
    return found;
  }

  move(image: number, base: number): void {
    const from = this.parentOf(image);
    if (from !== NO_PARENT) {
      this.#children[from]!.delete(image);
    }
    if (base !== NO_PARENT) {
      this.#children[base]!.add(image);
    }
    this.#parents[image] = base;
  }

  /**
   * Returns the bytes by which the cost of the forest would increase if `image` were moved to `base`, or became a root
   * if `base` is `NO_PARENT`. Negative if the cost would decrease; `Infinity` if the move is not allowed.
   */
  increaseOf(image: number, base: number): number {
    const from = this.parentOf(image);
    if (from === base) {
      return 0;
    }
    const { asBase } = this.#costs;
    const lost = from !== NO_PARENT && this.#children[from]!.size === 1 ? asBase[from]! : 0;
    const gained = base !== NO_PARENT && !this.isBase(base) ? asBase[base]! : 0;
    return this.costOn(image, base) - this.costOn(image, from) + gained - lost;
  }

  /**
   * Returns the best move of all direct overlays of `base` to one other base. The best move increases the cost least,
   * or decreases it most. After the move, every moved image and every overlay above it must have at most `maxDepth`
   * bases. Returns `undefined` if no move is allowed. The increase includes `asBase` of both bases: `base` stops being
   * a base, and the other base starts to be one unless it already is.
   */
  bestMoveOfAll(base: number, maxDepth: number): Move | undefined {
    const images = [...this.#children[base]!];
    const above = new Set(this.above(base));
    const height = this.heightOf(base);
    let best: Move | undefined;
    for (let other = 0; other < this.size; other++) {
      if (above.has(other) || this.depthOf(other) + height > maxDepth) {
        continue;
      }
      let increase = (this.isBase(other) ? 0 : this.#costs.asBase[other]!) - this.#costs.asBase[base]!;
      for (const image of images) {
        increase += this.costOn(image, other) - this.costOn(image, base);
      }
      if (increase < (best?.increase ?? Number.POSITIVE_INFINITY)) {
        best = { images, base: other, increase };
      }
    }
    return best;
  }

  apply({ images, base }: Move): void {
    for (const image of images) {
      this.move(image, base);
    }
  }

  /**
   * Returns the best move of an image to another base, or to no base. The best move increases the cost least, or
   * decreases it most. After the move, the image and every overlay above it must have at most `maxDepth` bases. Returns
   * `undefined` if no move is allowed.
   */
  bestMove(image: number, maxDepth: number): Move | undefined {
    const above = new Set(this.above(image));
    const height = this.heightOf(image);
    let best: Move | undefined;
    for (let base = NO_PARENT; base < this.size; base++) {
      if (base === this.parentOf(image) || above.has(base)) {
        continue;
      }
      const increase = this.increaseOf(image, base);
      if (increase < (best?.increase ?? Number.POSITIVE_INFINITY)) {
        const depth = base === NO_PARENT ? 0 : this.depthOf(base) + 1;
        if (depth + height <= maxDepth) {
          best = { images: [image], base, increase };
        }
      }
    }
    return best;
  }
}

/** A move of images that all get the same new base. Their overlays move with them. */
export interface Move {
  readonly images: readonly number[];
  /** The new base; `NO_PARENT` if the images become roots. */
  readonly base: number;
  /** Bytes by which the move increases the cost of the forest; negative if it decreases the cost. */
  readonly increase: number;
}
