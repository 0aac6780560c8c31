import { basename, dirname } from 'node:path';
import { fileKeyOf, fileNumberOf, isEscaped } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { changed, isWrittenFile } from './file-state.js';
import { overlaysIn } from './other-overlays.js';
import type { PlanDisks } from './plan-disks.js';
import type { PlanState } from './plan-state.js';

/** Linux's limit on the bytes of a file name. */
const LONGEST_NAME = 255;

/**
 * Checks everything that can be checked before a plan is applied.
 *
 * @throws `changed` if an image is not as planned, `in-use`, `refused`, and `unavailable` if there is not enough room
 */
export async function requireApplicable(state: PlanState, disks: PlanDisks): Promise<void> {
  requireUsableNames(state);
  await state.requirePlanned();
  if (!state.wasBegun) {
    await requireSoleNames(state);
    await requireFreeNames(state);
  }
  await requireNoOtherOverlays(
    state,
    state.changedImages.map((index) => state.paths.image(index)),
  );
  await requireRoom(state);
  for (const index of state.changedImages) {
    if (!(await state.isExchanged(index))) {
      const path = state.paths.image(index);
      await disks.requireUnused({ path, format: state.image(index).chain[0]!.format });
    }
  }
}

/**
 * Requires that no overlay outside the plan is on one of these files. Only qcow2 files in the directories of the plan's
 * images are examined.
 *
 * @throws `refused`
 */
export async function requireNoOtherOverlays(state: PlanState, paths: readonly string[]): Promise<void> {
  const { paths: names, directories } = state;
  const keys = new Map<string, string>();
  for (const path of paths) {
    const status = await directories.statusOf(path);
    if (status !== undefined) {
      keys.set(fileKeyOf(fileNumberOf(status)), path);
    }
  }
  if (state.wasBegun) {
    // A killed process may have left an overlay with a temporary name.
    await directories.sweep();
  }
  const images = state.plan.images.map((_, index) => names.image(index));
  const own = new Set([...images, ...state.newFiles(), ...state.secondNames()]);
  for (const { path, backing } of await overlaysIn(new Set(images.map((image) => dirname(image))))) {
    const base = keys.get(backing);
    if (base !== undefined && !own.has(path)) {
      throw new VirtSimilarityError(
        'refused',
        `${path} is an overlay on ${base} and not part of the plan; include it in the plan, or remove it`,
        { image: path },
      );
    }
  }
}

/** Requires names that tools accept and that all differ, so that no file of the plan replaces another. */
function requireUsableNames(state: PlanState): void {
  const made = [...state.newFiles(), ...state.secondNames()];
  const names = [...state.plan.images.map((_, index) => state.paths.image(index)), ...made];
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) {
    throw new VirtSimilarityError('refused', `two files of the plan would be named ${repeated}; plan for fewer images`);
  }
  for (const name of made) {
    if (isEscaped(name)) {
      throw new VirtSimilarityError(
        'refused',
        `${name} has a name that is not UTF-8, which tools do not accept; rename it`,
      );
    }
    if (Buffer.byteLength(basename(name)) > LONGEST_NAME) {
      throw new VirtSimilarityError(
        'refused',
        `${name} would have a name of more than ${LONGEST_NAME} bytes; rename the image`,
      );
    }
  }
}

/**
 * Requires that no image that changes has another name, through which a machine could continue to write to it. The
 * ctime of each of these images must also be as planned.
 */
async function requireSoleNames(state: PlanState): Promise<void> {
  for (const index of state.changedImages) {
    const path = state.paths.image(index);
    const status = await state.directories.statusOf(path);
    if (status?.nlink !== 1n) {
      throw new VirtSimilarityError(
        'refused',
        `${path} has other names (hard links), which would keep the image; remove them`,
        { image: path },
      );
    }
    if (status.ctimeNs !== state.planned(index).ctimeNs) {
      throw changed(path, 'has changed since the plan was made; plan again');
    }
  }
}

/**
 * Requires that no file that the plan makes exists yet. Once the plan has begun, this is not required: a process that
 * was killed may have left a file that it had not recorded. The name of the file contains the plan's id.
 */
async function requireFreeNames(state: PlanState): Promise<void> {
  for (const path of [...state.newFiles(), ...state.secondNames()]) {
    if ((await state.directories.statusOf(path)) !== undefined) {
      throw new VirtSimilarityError('refused', `${path} exists already and is not of this plan; move it away`);
    }
  }
}

async function requireRoom({ plan, paths, directories, journal, changedImages }: PlanState): Promise<void> {
  const needed = new Map<string, { bytes: number; free: number; path: string }>();
  const add = async (path: string, bytes: number) => {
    if (isWrittenFile(await directories.statusOf(path), journal.written(path))) {
      return;
    }
    const { fileSystem, bytes: free } = await directories.freeBytes(path);
    const known = needed.get(fileSystem) ?? { bytes: 0, free, path };
    needed.set(fileSystem, { ...known, bytes: known.bytes + bytes });
  };
  for (const [index, { bytes }] of plan.newBases.entries()) {
    await add(paths.newBase(index), bytes);
  }
  for (const index of changedImages) {
    const { isWritten, bytes, emptyOverlayBytes } = plan.images[index]!;
    await add(paths.overlay(index), (isWritten ? bytes : 0) + emptyOverlayBytes);
  }
  for (const { bytes, free, path } of needed.values()) {
    if (bytes > free) {
      throw new VirtSimilarityError(
        'unavailable',
        `expected ${bytes} free bytes for the new files beside ${path}, found ${free}; free some space`,
      );
    }
  }
}
