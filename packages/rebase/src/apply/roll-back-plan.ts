import { chmod } from 'node:fs/promises';
import { systemPath } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { changed, isPlanned, isSameFile, isWrittenFile } from './file-state.js';
import type { PlanDisks } from './plan-disks.js';
import type { PlanState } from './plan-state.js';
import { requireNoOtherOverlays } from './preconditions.js';

/**
 * Puts every image back, restores the permissions of the bases, and removes the new files. Everything is checked before
 * anything is changed.
 *
 * @param note receives one line for each image that the plan changes
 * @throws `changed` if an overlay was written to since the plan was applied, because that would be lost, or if an image
 *   or its overlay is not where the plan left it; `refused` once the commit has begun, or if an overlay outside the
 *   plan uses a new file as its backing file; `in-use` if another program has an overlay open for writing; and the
 *   errors of opening an overlay.
 */
export async function rollBackPlan(state: PlanState, disks: PlanDisks, note: (text: string) => void): Promise<void> {
  const { journal, directories, paths, changedImages } = state;
  if (journal.has('committing')) {
    throw new VirtSimilarityError('refused', 'cannot roll back: the plan was committed, which deletes the originals');
  }
  for (const index of changedImages) {
    await requireRestorable(index, state, disks);
  }
  await requireNoOtherOverlays(state, state.newFiles());
  // Overlays are restored before their bases, and the paths of the bases remain until the end. Every image is therefore
  // complete at every moment.
  for (const index of changedImages.toReversed()) {
    await restore(index, state);
    note(`${paths.image(index)} is the original again`);
  }
  await unprotectBases(state);
  // Also removes files that a killed process wrote but did not record. No file existed at these paths before the plan
  // was begun.
  for (const path of [...state.secondNames(), ...state.newFiles()]) {
    await removeIfPresent(path, state);
  }
  await directories.sweep();
  await journal.append({ event: 'rolled-back' });
}

/**
 * Requires that an image is at its path, or that its unchanged overlay is there and the unchanged image is kept at its
 * other path.
 */
async function requireRestorable(index: number, state: PlanState, disks: PlanDisks): Promise<void> {
  const { directories, journal, paths } = state;
  const path = paths.image(index);
  const status = await directories.statusOf(path);
  if (isSameFile(status, state.planned(index))) {
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

/** Restores an image through a new hard link, so that the path at which it is kept remains valid for overlays on it. */
async function restore(index: number, state: PlanState): Promise<void> {
  if (await state.isExchanged(index)) {
    const restored = state.paths.restored(index);
    await removeIfPresent(restored, state);
    await state.directories.link(state.keptPath(index), restored);
    await state.directories.rename(restored, state.paths.image(index));
  }
}

async function unprotectBases({ journal, directories }: PlanState): Promise<void> {
  for (const entry of journal.entries) {
    if (entry.event === 'protected' && (await directories.statusOf(entry.path)) !== undefined) {
      await chmod(systemPath(entry.path), entry.mode);
    }
  }
}

async function removeIfPresent(path: string, { directories }: PlanState): Promise<void> {
  if ((await directories.statusOf(path)) !== undefined) {
    await directories.remove(path);
  }
}
