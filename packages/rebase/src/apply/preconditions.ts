import { basename, dirname } from 'node:path';
import { fileKeyOf, fileNumberOf, isEscaped, realPath } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { changed, isWrittenFile } from './file-state.js';
import type { PlanDisks } from './plan-disks.js';
import type { PlanState } from './plan-state.js';

/** The longest file name that Linux allows, in bytes. */
const LONGEST_NAME = 255;

/**
 * Requires that a plan can be applied, or that its application can be continued.
 *
 * @throws `changed` if an image or a backing file is not as planned; `refused` if an image is not named by its real
 *   path, if the name of a new file cannot be used or is taken, if an image that changes has other hard links, or if an
 *   image outside the plan uses such an image; `in-use` if another program has an image that changes open for writing;
 *   `unavailable` if there is not enough room; and the errors of listing directories and of opening an image.
 */
export async function requireApplicable(state: PlanState, disks: PlanDisks): Promise<void> {
  requireUsableNames(state);
  await state.requirePlanned();
  if (!state.wasBegun) {
    await requireRealPaths(state);
    await requireSoleNames(state);
    await requireFreeNames(state);
  }
  await requireNoOtherUsers(
    state,
    disks,
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
 * Requires that no image outside the plan uses one of these files, as a backing file, a data file or an extent.
 * Examines the images in the directories of the plan's images, and in those of the images that the plan leaves out. If
 * the plan was begun, first removes the temporary files that killed processes left in the directories of the plan.
 *
 * @throws `refused` if there is such an image, and the errors of listing the directories.
 */
export async function requireNoOtherUsers(state: PlanState, disks: PlanDisks, paths: readonly string[]): Promise<void> {
  const { directories } = state;
  const keyOf = async (path: string) => {
    const status = await directories.statusOf(path);
    return status && fileKeyOf(fileNumberOf(status));
  };
  const used = new Map<string, string>();
  for (const path of paths) {
    const key = await keyOf(path);
    if (key !== undefined) {
      used.set(key, path);
    }
  }
  if (state.wasBegun) {
    // A killed process may have left an overlay with a temporary name.
    await directories.sweep();
  }
  const images = state.plan.images.map((_, index) => state.paths.image(index));
  const own = new Set<string | undefined>();
  for (const path of [...images, ...state.newFiles(), ...state.secondNames()]) {
    own.add(await keyOf(path));
  }
  const named = [...images, ...state.plan.leftOut];
  for (const use of await disks.usesIn(new Set(named.map((path) => dirname(path))))) {
    const base = used.get(use.used);
    if (base !== undefined && !own.has(use.user)) {
      const remedy = state.wasBegun
        ? 'remove it'
        : 'include it in the plan, remove it, or plan again with the used image kept';
      throw new VirtSimilarityError('refused', `${use.path} uses ${base} but is not part of the plan; ${remedy}`, {
        image: use.path,
      });
    }
  }
}

/**
 * Requires that the images are named by their real paths, so that no two of the plan's paths lead to one file.
 *
 * @throws `refused` otherwise.
 */
async function requireRealPaths(state: PlanState): Promise<void> {
  for (const index of state.plan.images.keys()) {
    const path = state.paths.image(index);
    if ((await realPath(dirname(path))) !== dirname(path)) {
      throw new VirtSimilarityError('refused', `${path} is not the real path of an image; plan again`, { image: path });
    }
  }
}

/**
 * Requires that tools accept the paths of all files that the plan creates, and that no two files of the plan have the
 * same path.
 *
 * @throws `refused` otherwise.
 */
function requireUsableNames(state: PlanState): void {
  const made = [...state.newFiles(), ...state.secondNames()];
  const images = state.plan.images.map((_, index) => state.paths.image(index));
  const names = [...images, ...made];
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) {
    throw new VirtSimilarityError('refused', `two files of the plan would be named ${repeated}; plan for fewer images`);
  }
  for (const name of made) {
    if (isEscaped(name)) {
      const image =
        images.find((path) => name.startsWith(`${path}.${state.plan.id}.`)) ??
        images.find((path) => dirname(path) === dirname(name));
      throw new VirtSimilarityError(
        'refused',
        `cannot create a file beside ${image}, because the path of that file would not be UTF-8, which tools do not accept; ` +
          'rename the image or its directory',
      );
    }
    if (Buffer.byteLength(basename(name)) > LONGEST_NAME) {
      throw new VirtSimilarityError(
        'refused',
        `the name of ${name} would have more than ${LONGEST_NAME} bytes; give the image a shorter name`,
      );
    }
  }
}

/**
 * Requires that no image that changes has other hard links, through which a machine could continue to write to it, and
 * that its ctime is as planned.
 *
 * @throws `refused` if there are other hard links, and `changed` if the ctime differs.
 */
async function requireSoleNames(state: PlanState): Promise<void> {
  for (const index of state.changedImages) {
    const path = state.paths.image(index);
    const status = await state.directories.statusOf(path);
    if (status?.nlink !== 1n) {
      throw new VirtSimilarityError(
        'refused',
        `${path} has other hard links, which would still refer to the unchanged image; remove them`,
        { image: path },
      );
    }
    if (status.ctimeNs !== state.planned(index).ctimeNs) {
      throw changed(path, 'has changed since the plan was made; plan again');
    }
  }
}

/**
 * Requires that no file exists at the paths of the files that the plan creates. Not called after the plan was begun,
 * because a killed process can have left a file that it had not recorded. Such a file belongs to the plan: its name
 * contains the plan's id.
 *
 * @throws `refused` if there is such a file.
 */
async function requireFreeNames(state: PlanState): Promise<void> {
  for (const path of [...state.newFiles(), ...state.secondNames()]) {
    if ((await state.directories.statusOf(path)) !== undefined) {
      throw new VirtSimilarityError(
        'refused',
        `${path} already exists and does not belong to this plan; move it elsewhere`,
      );
    }
  }
}

/**
 * Requires that each file system has enough room for the new files that are not complete.
 *
 * @throws `unavailable` otherwise.
 */
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
        `expected ${bytes} free bytes for new files on the file system of ${dirname(path)}, found ${free}; free some space`,
      );
    }
  }
}
