import { isPlanned, isSameFile, isWrittenFile } from './file-state.js';
import type { PlanState } from './plan-state.js';

/**
 * If an earlier process has replaced some images but not all, gives up each image that was not replaced and has changed
 * since, and each image whose base is given up. Machines may have written to replaced images and to images that were
 * not replaced, so that the plan can be neither continued nor rolled back as a whole. Removes the new files of the
 * images that are given up. If no image was replaced, gives up none, because a rollback loses nothing.
 */
export async function giveUpChangedImages(state: PlanState): Promise<void> {
  const { changedImages, directories, paths } = state;
  const waiting: number[] = [];
  for (const index of changedImages) {
    if (!(await state.isExchanged(index))) {
      waiting.push(index);
    }
  }
  if (waiting.length === changedImages.length) {
    return;
  }
  for (const index of waiting) {
    const { base } = state.image(index);
    const isOnGivenUp = base !== null && 'image' in base && state.isGivenUp(base.image);
    if (isOnGivenUp || !isPlanned(await directories.statusOf(paths.image(index)), state.planned(index))) {
      await state.giveUp(index);
      await removeNewFilesOf(index, state);
    }
  }
}

async function removeNewFilesOf(index: number, { paths, directories, journal }: PlanState): Promise<void> {
  await directories.removeIfPresent(paths.overlay(index));
  const image = await directories.statusOf(paths.image(index));
  for (const path of [paths.original(index), paths.restored(index), paths.base(index)]) {
    const status = await directories.statusOf(path);
    // A link to an earlier image, which another program has replaced, is kept: it is the only name of that image.
    const isLinkToImage = status !== undefined && isSameFile(image, status.ino);
    if (isLinkToImage || isWrittenFile(status, journal.written(path))) {
      await directories.remove(path);
    }
  }
}
