import { changed } from './file-state.js';
import { giveUpChangedImages } from './give-up-images.js';
import { NewFileWriter } from './new-file-writer.js';
import { markBasesOfOtherPlans } from './other-plans.js';
import type { PlanDisks } from './plan-disks.js';
import type { PlanState } from './plan-state.js';
import { requireApplicable, requireNoOtherUsers } from './preconditions.js';

/** The permission bits that allow writing. */
const WRITABLE = 0o222n;
const PERMISSIONS = 0o7777n;

/**
 * Applies a plan, or continues where an earlier process was interrupted. First writes every new file beside its image,
 * flushes it to disk, and compares each overlay, read through its bases, with its image byte by byte. Once all new
 * files are complete, replaces each image by a rename, every base before its overlays; the original remains under
 * another name. Finally removes the write permissions of all bases. At every moment, each image is complete at its
 * path.
 *
 * @param note receives one line for each file that was written or exchanged
 * @throws `changed` if an image or a base is not as planned; `in-use` if another program has an image or overlay open
 *   for writing; `refused` if the plan cannot be applied to these files (see `requireApplicable`); `unavailable` if
 *   there is not enough room, a tool is missing, or the attributes of an image cannot be copied; `corrupt` if qemu-img
 *   fails for a new file; `aborted`; and the errors of reading and writing. Every image is then as before, or replaced
 *   by an equal overlay.
 */
export async function applyPlan(
  state: PlanState,
  disks: PlanDisks,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { journal, plan, paths, directories } = state;
  await giveUpChangedImages(state);
  await requireApplicable(state, disks);
  if (!state.wasBegun) {
    await journal.append({ event: 'began', plan: plan.id, text: plan.text });
  }
  await markBasesOfOtherPlans(state);
  await new NewFileWriter(state, disks, note, signal).writeAll();
  await state.requirePlanned();
  // Another program may have made an overlay on an image in the meantime.
  await requireNoOtherUsers(
    state,
    disks,
    state.changedImages.map((index) => paths.image(index)),
  );
  await directories.requireInPlace();
  for (const index of state.changedImages) {
    await exchange(index, state, disks, note);
  }
  await directories.requireInPlace();
  for (const index of state.changedImages) {
    // An interrupted rollback may have left this link.
    await directories.removeIfPresent(paths.restored(index));
  }
  await protectBases(state);
  if (!journal.has('applied')) {
    await journal.append({ event: 'applied' });
  }
}

/**
 * Replaces an image by its overlay, unless that was done already. Requires that no other program has the image or the
 * overlay open for writing, and that the image and all bases of the overlay are unchanged.
 */
async function exchange(
  index: number,
  state: PlanState,
  disks: PlanDisks,
  note: (text: string) => void,
): Promise<void> {
  if (await state.isExchanged(index)) {
    return;
  }
  const { paths } = state;
  const path = paths.image(index);
  // Opening fails if a machine has started in the meantime.
  await disks.requireUnused({ path, format: state.image(index).chain[0]!.format });
  await disks.requireUnused({ path: paths.overlay(index), format: 'qcow2' });
  if (state.image(index).isWritten) {
    await state.link(index, paths.original(index));
  }
  for (const base of state.basesOf(index)) {
    if (!(await state.isBaseUnchanged(base))) {
      throw changed(base.path, `is a base of ${path} and was written to; roll back and plan again`);
    }
  }
  for (const name of [path, state.keptPath(index)]) {
    await state.requireUnchanged(name, state.planned(index));
  }
  await state.exchange(index);
  note(`${path} is an overlay now`);
}

async function protectBases(state: PlanState): Promise<void> {
  for (const { path } of state.bases()) {
    const { mode } = (await state.directories.statusOf(path))!;
    if ((mode & WRITABLE) !== 0n) {
      await state.journal.append({ event: 'protected', path, mode: Number(mode & PERMISSIONS) });
      await state.directories.chmod(path, Number(mode & PERMISSIONS & ~WRITABLE));
    }
  }
}
