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
 * Chooses a base, or none, for each image, with the aim that all images together cost as little as possible. First
 * finds the optimal choice without a limit on the depth and without the costs of becoming a base: see
 * `optimumBranching`. Then moves images that are too deep, each time with the move that costs least. Finally moves
 * single images, or all overlays of a base together, as long as a move lowers the cost.
 *
 * @param maxDepth the largest number of bases below an image, at least 1; an existing chain that must not change can be
 *   deeper
 */
export function chooseBases(costs: BaseCosts, maxDepth: number): ChosenBases {
  const parents = optimumBranching(costs.roots.map(finite), costs.edges);
  const forest = new BaseForest(parents, costs);
  const lowerBound = parents.reduce((sum, parent, image) => sum + forest.costOn(image, parent), 0);
  limitDepth(forest, maxDepth);
  improve(forest, maxDepth);
  return { parents: forest.parents, lowerBound };
}

/**
 * More than any forest costs; replaces infinite costs of roots. All images can stay as they are, so no forest of least
 * cost contains a root with this cost.
 */
const LARGEST_COST = 2 ** 52;

function finite(cost: number): number {
  return Math.min(cost, LARGEST_COST);
}

/**
 * Moves images until none has more than `maxDepth` bases, the deepest first. Their overlays move with them. An image
 * stays too deep if neither it nor any of its bases has an allowed move.
 */
function limitDepth(forest: BaseForest, maxDepth: number): void {
  const fixed = new Set<number>();
  for (;;) {
    const image = deepestOf(forest, fixed);
    if (image === undefined || forest.depthOf(image) <= maxDepth) {
      return;
    }
    const moves = movesBelow(forest, image, maxDepth);
    if (moves.length === 0) {
      // The image is in an existing chain that must not change.
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

/**
 * Returns the best move of an image and of each of its bases, direct and indirect. Omits those without an allowed move.
 */
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
