import { fileKeyOf, fileNumberOf } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import type { PlanState } from './plan-state.js';

/** The names of the bases that plans make; see `PlanPaths`. */
const MADE_BY_PLAN = /\.[0-9a-f]{8}\.(?:base|qcow2)$/;

/**
 * Creates a hard link, whose name contains this plan's id, to each base that an earlier plan made. While the link
 * exists, the earlier plan cannot be rolled back, because a rollback would remove the base.
 */
export async function markBasesOfOtherPlans(state: PlanState): Promise<void> {
  for (const path of basesOfOtherPlans(state)) {
    const mark = state.paths.mark(path);
    if ((await state.directories.statusOf(mark)) === undefined) {
      await state.linkFile(path, mark);
    }
  }
}

/** Returns the paths of the links that `markBasesOfOtherPlans` creates. */
export function marksOf(state: PlanState): string[] {
  return basesOfOtherPlans(state).map((path) => state.paths.mark(path));
}

function basesOfOtherPlans(state: PlanState): string[] {
  return state
    .bases()
    .filter(({ path, image }) => image !== undefined && !state.paths.becomesBase(image) && MADE_BY_PLAN.test(path))
    .map(({ path }) => path);
}

/**
 * Requires that the files that a rollback removes or replaces have no hard links besides the links of this plan.
 *
 * @throws `refused` otherwise.
 */
export async function requireNoForeignLinks(state: PlanState): Promise<void> {
  const images = state.changedImages.map((index) => state.paths.image(index));
  const files = new Map<string, { path: string; own: bigint; found: bigint }>();
  for (const path of [...images, ...state.newFiles(), ...state.secondNames()]) {
    const status = await state.directories.statusOf(path);
    if (status !== undefined) {
      const key = fileKeyOf(fileNumberOf(status));
      files.set(key, { path, own: (files.get(key)?.own ?? 0n) + 1n, found: status.nlink });
    }
  }
  for (const { path, own, found } of files.values()) {
    if (found > own) {
      throw new VirtSimilarityError(
        'refused',
        `${path} has a hard link that is not of this plan, such as that of a later plan that uses the file as a base; roll that plan back first, or remove the link`,
        { image: path },
      );
    }
  }
}
