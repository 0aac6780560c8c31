import { type DiskSource, type ReadOptions, throwIfAborted, VirtSimilarityError } from '@virt-similarity/core';
import { createRunDirectory } from '../processes/run-directory.js';
import type { Appliance } from './appliance.js';
import { type ApplianceDrive, type LaunchExperience, launchAppliance } from './launch-appliance.js';
import { closeDrives, type FailedDrive, type PreparedDrive, prepareDrives, type ReadyDrive } from './prepare-drives.js';
import { COMPONENT } from './tools.js';

/** An image within a running group. */
interface StartedDrive extends ReadyDrive {
  /** The `length` bytes of the drive from `start` on. Throws as `Appliance.transfer`. */
  transfer(start: number, length: number): Promise<Uint8Array>;
}

/** The processes that serve a group of images. */
export interface StartedGroup {
  /** By the sources' keys. */
  readonly drives: ReadonlyMap<string, StartedDrive | FailedDrive>;
  /** Ends the processes and removes what they left. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Exports all sources that can be read and launches an appliance with them, if there are any.
 *
 * @throws VirtSimilarityError `unavailable` where the appliance does not start; `aborted`. Nothing is left then.
 */
export async function startGroup(
  sources: ReadonlyMap<string, DiskSource>,
  options: ReadOptions,
  experience: LaunchExperience,
): Promise<StartedGroup> {
  const runDirectory = await createRunDirectory();
  const prepared = await prepareDrives(sources, runDirectory, options);
  let appliance: Appliance | undefined;
  const stop = async () => {
    await appliance?.close();
    await closeDrives(prepared.values());
    await runDirectory.remove();
  };
  try {
    throwIfAborted(options.signal);
    const attached = attachable(prepared);
    if (attached.size > 0) {
      appliance = await launchAppliance([...attached.values()], { ...options, runDirectory, experience });
    }
    return { drives: startedDrives(prepared, [...attached.keys()], appliance), stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/** What the appliance is to have, in the order in which it gets it. */
function attachable(prepared: ReadonlyMap<string, PreparedDrive>): Map<string, ApplianceDrive> {
  const drives = new Map<string, ApplianceDrive>();
  for (const [key, drive] of prepared) {
    if (drive.outcome === 'ready' && drive.exported !== undefined) {
      drives.set(key, { socketPath: drive.exported.socketPath, virtualSize: drive.virtualSize });
    }
  }
  return drives;
}

/** Tells each image its drive; an image without a byte has none, and nothing is ever transferred of it. */
function startedDrives(
  prepared: ReadonlyMap<string, PreparedDrive>,
  attached: readonly string[],
  appliance: Appliance | undefined,
): Map<string, StartedDrive | FailedDrive> {
  const drives = new Map<string, StartedDrive | FailedDrive>();
  for (const [key, drive] of prepared) {
    if (drive.outcome === 'failed') {
      drives.set(key, drive);
      continue;
    }
    drives.set(key, {
      ...drive,
      transfer: (start, length) => transfer(drive, appliance!, attached.indexOf(key), start, length),
    });
  }
  return drives;
}

/** Tells damage of the image from the end of what serves it, which looks the same from within the appliance. */
async function transfer(
  { call, exported }: ReadyDrive,
  appliance: Appliance,
  number: number,
  start: number,
  length: number,
): Promise<Uint8Array> {
  try {
    return await appliance.transfer(number, start, length, call.image);
  } catch (thrown) {
    if (thrown instanceof VirtSimilarityError && thrown.code === 'unreadable' && !(await exported?.isServed())) {
      throw new VirtSimilarityError(
        'unavailable',
        `[${COMPONENT}] cannot read ${call.image}: qemu-nbd or nbdkit, which serve it, ended unexpectedly; try again`,
        { image: call.image, cause: thrown },
      );
    }
    throw thrown;
  }
}
