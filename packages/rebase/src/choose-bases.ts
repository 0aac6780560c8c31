import type { BaseCosts } from './base-costs.js';
import { BaseForest, type Move } from './base-forest.js';
import { NO_PARENT, optimumBranching } from './optimum-branching.js';

/** Bases that were chosen among existing images. */
export interface ChosenBases {
  /** The base of each image, or `NO_PARENT`. */
  readonly parents: Int32Array;
  /** A lower bound, in bytes, on the cost of any choice of existing bases with the given costs. */
  readonly lowerBound: number;
}

/**
 * Chooses a base for each image so that all images together cost as little as possible. Without a bound on the depth,
 * and apart from the costs of becoming a base, the choice is optimal: see `optimumBranching`. Then images are moved:
 * first those that are too deep, with the move that costs least; then single images, or all images of a base, as long
 * as the cost falls.
 *
 * @param maxDepth the largest number of bases below an image, at least 1
 */
export function chooseBases(costs: BaseCosts, maxDepth: number): ChosenBases {
  const parents = optimumBranching(costs.roots.map(finite), costs.edges);
  const forest = new BaseForest(parents, costs);
  const lowerBound = parents.reduce((sum, parent, image) => sum + forest.costOn(image, parent), 0);
  limitDepth(forest, maxDepth);
  improve(forest, maxDepth);
  return { parents: forest.parents, lowerBound };
}

/** More than any forest costs. The images can always stay as they are, so no forest of least cost contains it. */
const LARGEST_COST = 2 ** 52;

function finite(cost: number): number {
  return Math.min(cost, LARGEST_COST);
}

/** Moves images until none is too deep, the deepest first. The images on an image move with it. */
function limitDepth(forest: BaseForest, maxDepth: number): void {
  const fixed = new Set<number>();
  for (;;) {
    const image = deepestOf(forest, fixed);
    if (image === undefined || forest.depthOf(image) <= maxDepth) {
      return;
    }
    const moves = movesBelow(forest, image, maxDepth);
    if (moves.length === 0) {
      // An existing chain that must not change.
      fixed.add(image);
    } else {
      forest.apply(cheapestOf(moves));
    }
  }
}

function deepestOf(forest: BaseForest, except: ReadonlySet<number>): number | undefined {
  const depths = forest.depths();
  let deepest: number | undefined;
  for (let image = 0; image < forest.size; image++) {
    if (!except.has(image) && depths[image]! > (deepest === undefined ? -1 : depths[deepest]!)) {
      deepest = image;
    }
  }
  return deepest;
}

/** Returns the best moves of an image and of each base below it. */
function movesBelow(forest: BaseForest, image: number, maxDepth: number): Move[] {
  const moves: Move[] = [];
  for (let each = image; each !== NO_PARENT; each = forest.parentOf(each)) {
    const move = forest.bestMove(each, maxDepth);
    if (move !== undefined) {
      moves.push(move);
    }
  }
  return moves;
}

function cheapestOf(moves: readonly Move[]): Move {
  return moves.reduce((best, move) => (move.increase < best.increase ? move : best));
}

function improve(forest: BaseForest, maxDepth: number): void {
  for (let improved = true; improved; ) {
    improved = false;
    for (let image = 0; image < forest.size; image++) {
      const moves = [
        forest.bestMove(image, maxDepth),
        forest.isBase(image) ? forest.bestMoveOfAll(image, maxDepth) : undefined,
      ].filter((move) => move !== undefined);
      const move = moves.length === 0 ? undefined : cheapestOf(moves);
      if (move !== undefined && move.increase < 0) {
        forest.apply(move);
        improved = true;
      }
    }
  }
}
