import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { changed, isPlanned, isSameFile, isWrittenFile } from './file-state.js';
import { marksOf, requireNoForeignLinks } from './other-plans.js';
import type { PlanDisks } from './plan-disks.js';
import type { PlanState } from './plan-state.js';
import { requireNoOtherUsers } from './preconditions.js';

/**
 * Puts every image back, restores the permissions of the bases, and removes the new files. Before it changes a file, it
 * checks all files.
 *
 * @param note receives one line for each image that the plan changes
 * @throws `changed` if an overlay was written to since the plan was applied, because that would be lost, or if an image
 *   or its overlay is not where the plan left it; `refused` if a commit has deleted an original, if a file has a hard
 *   link that is not of this plan, or if an image outside the plan uses a file that the rollback removes or changes;
 *   `in-use` if another program has an overlay open for writing; and the errors of listing directories and of opening
 *   an overlay.
 */
export async function rollBackPlan(state: PlanState, disks: PlanDisks, note: (text: string) => void): Promise<void> {
  const { journal, directories, paths, changedImages } = state;
  if (journal.has('committing')) {
    await requireAllOriginals(state);
  }
  for (const index of changedImages) {
    await requireRestorable(index, state, disks);
  }
  await requireNoForeignLinks(state);
  await requireNoOtherUsers(state, disks, [...state.newFiles(), ...state.secondNames(), ...convertedImages(state)]);
  // Every image is restored before the images on which its overlay is based, and the paths of the bases remain until
  // the end. Every image is therefore complete at every moment.
  for (const index of changedImages.toReversed()) {
    if (await state.isExchanged(index)) {
      // A machine may have started in the meantime.
      await requireRestorable(index, state, disks);
      await state.restore(index);
    }
    note(`${paths.image(index)} is the original again`);
  }
  await unprotectBases(state);
  // Also removes files that a killed process wrote but did not record. No file existed at these paths before the plan
  // was begun.
  for (const path of [...state.secondNames(), ...state.newFiles(), ...marksOf(state)]) {
    await directories.removeIfPresent(path);
  }
  await directories.sweep();
  await journal.append({ event: 'rolled-back' });
}

/** Returns the paths of the images whose format a rollback changes back, which breaks overlays on them. */
function convertedImages(state: PlanState): string[] {
  return state.changedImages
    .filter((index) => state.image(index).chain[0]!.format !== 'qcow2')
    .map((index) => state.paths.image(index));
}

/**
 * Requires that a commit has not deleted an original.
 *
 * @throws `refused` otherwise.
 */
async function requireAllOriginals(state: PlanState): Promise<void> {
  for (const index of state.changedImages) {
    const status = await state.directories.statusOf(state.keptPath(index));
    if (!isPlanned(status, state.planned(index)) && (await state.isExchanged(index))) {
      throw new VirtSimilarityError('refused', 'cannot roll back: the plan was committed, which deletes the originals');
    }
  }
}

/**
 * Requires that an image is at its path, or that its unchanged overlay is there and the unchanged image is kept at its
 * other path.
 */
async function requireRestorable(index: number, state: PlanState, disks: PlanDisks): Promise<void> {
  const { directories, journal, paths } = state;
  const path = paths.image(index);
  const status = await directories.statusOf(path);
  if (isSameFile(status, state.planned(index).inode)) {
    return;
  }
  if (!(await state.isExchanged(index))) {
    throw changed(path, 'is neither the original of the plan nor its overlay; nothing is changed');
  }
  if (!isWrittenFile(status, journal.written(paths.overlay(index)))) {
    throw changed(path, 'was written to since the plan was applied; rolling back would lose these writes');
  }
  const kept = state.keptPath(index);
  if (!isPlanned(await directories.statusOf(kept), state.planned(index))) {
    throw changed(kept, 'is not the original of the plan; nothing is changed');
  }
  // Opening the overlay fails if a machine uses it.
  await disks.requireUnused({ path, format: 'qcow2' });
}

async function unprotectBases(state: PlanState): Promise<void> {
  const bases = new Set(state.bases().map(({ path }) => path));
  for (const entry of state.journal.entries) {
    if (entry.event === 'protected' && bases.has(entry.path)) {
      if ((await state.directories.statusOf(entry.path)) !== undefined) {
        await state.directories.chmod(entry.path, entry.mode);
      }
    }
  }
}
