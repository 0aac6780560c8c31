import { VirtSimilarityError, wording } from '@virt-similarity/core/errors';
import { changed, isPlanned } from './file-state.js';
import type { PlanDisks } from './plan-disks.js';
import type { PlanState } from './plan-state.js';
import { requireNoOtherUsers } from './preconditions.js';
import { checkQcow2 } from './tools.js';

/**
 * Deletes the originals that overlays have replaced. Can be called again if it was interrupted.
 *
 * @param note receives one line for each file that was deleted
 * @throws `refused` if the plan is not applied or was rolled back, or if an image outside the plan uses an original;
 *   `changed` if a base was written to, if an image is not the overlay of the plan, or if another file is at the path
 *   of an original; `corrupt` if qemu-img fails for an overlay, for example because it is damaged; `unavailable` if
 *   qemu-img is missing; `aborted`; and the errors of the file system.
 */
export async function commitPlan(
  state: PlanState,
  disks: PlanDisks,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { journal, directories, paths, changedImages } = state;
  if (!journal.has('applied') || journal.has('rolled-back')) {
    const problem = journal.has('rolled-back')
      ? 'the plan was rolled back; plan again'
      : wording`the plan is not completely applied; continue with ${{ option: 'resume' }} first`;
    throw new VirtSimilarityError('refused', wording`cannot commit: ${problem}`);
  }
  for (const base of state.bases()) {
    if (!(await state.isBaseUnchanged(base))) {
      throw changed(base.path, 'is a base and was written to since the plan was applied; no original is deleted');
    }
  }
  const written = changedImages.filter((index) => state.image(index).isWritten);
  for (const index of changedImages) {
    const path = paths.image(index);
    if (!(await state.isExchanged(index))) {
      throw changed(path, 'is not the overlay of the plan; no original is deleted');
    }
    await checkQcow2(path, signal);
  }
  for (const index of written) {
    const status = await directories.statusOf(paths.original(index));
    if (status !== undefined && !isPlanned(status, state.planned(index))) {
      throw changed(paths.original(index), 'is not the original of the plan; no original is deleted');
    }
  }
  await requireNoOtherUsers(
    state,
    disks,
    written.map((index) => paths.original(index)),
  );
  if (!journal.has('committing')) {
    await journal.append({ event: 'committing' });
  }
  for (const index of written) {
    const original = paths.original(index);
    if ((await directories.statusOf(original)) !== undefined) {
      await directories.remove(original);
      note(`deleted ${original}`);
    }
  }
  await journal.append({ event: 'committed' });
}
