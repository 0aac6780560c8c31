import {
  type IdentifiedSource,
  type ReadOptions,
  throwIfAborted,
  VirtSimilarityError,
  wording,
} from '@virt-similarity/core';
import { createRunDirectory, readError } from '@virt-similarity/image-tools';
import type { Inspections } from '../inspection/inspections.js';
import { DriveAppliances } from './drive-appliances.js';
import { type ApplianceDrive, type LaunchSettings, launchAppliance } from './launch-appliance.js';
import { closeDrives, type FailedDrive, type PreparedDrive, prepareDrives, type ReadyDrive } from './prepare-drives.js';
import { requireReadable } from './require-readable.js';
import { COMPONENT, withoutComponent } from './tools.js';

/** An image in a running group. */
interface StartedDrive extends ReadyDrive {
  /**
   * Returns the `length` bytes at `start` of the drive.
   *
   * @throws as `DriveAppliances.transfer`.
   */
  transfer(start: number, length: number): Promise<Uint8Array>;
}

/** The state that the sessions of a reader share. */
export interface SharedLaunchState {
  readonly settings: LaunchSettings;
  readonly inspections: Inspections;
}

/** The processes that serve a group of images. */
export interface StartedGroup {
  /** The images by their keys. */
  readonly drives: ReadonlyMap<string, StartedDrive | FailedDrive>;
  /** Stops the processes and removes their files. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Exports all readable images and, if there are any, launches an appliance with them. An image with which the appliance
 * does not start or keep running fails alone, see `DriveAppliances`. The caller stops the group.
 *
 * @throws `unavailable` if no appliance starts or no run directory can be created; `aborted`. No process is left
 * running then.
 */
export async function startGroup(
  images: ReadonlyMap<string, IdentifiedSource>,
  options: ReadOptions,
  { settings, inspections }: SharedLaunchState,
): Promise<StartedGroup> {
  const runDirectory = await createRunDirectory();
  const prepared = await prepareDrives(images, runDirectory, options, inspections);
  const appliances = new DriveAppliances(
    attachable(prepared),
    (drives, timeoutMs) => launchAppliance(drives, { ...options, runDirectory, settings, timeoutMs }),
    options.warn,
  );
  const stop = async () => {
    await appliances.close();
    await closeDrives(prepared.values());
    await runDirectory.remove();
  };
  try {
    throwIfAborted(options.signal);
    return { drives: await startedDrives(prepared, appliances), stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/** Returns the images that have an export as the appliance's drives, in order. */
function attachable(prepared: ReadonlyMap<string, PreparedDrive>): Map<string, ApplianceDrive> {
  const drives = new Map<string, ApplianceDrive>();
  for (const [key, drive] of prepared) {
    if (drive.outcome === 'ready' && drive.exported !== undefined) {
      drives.set(key, { socketPath: drive.exported.socketPath, virtualSize: drive.virtualSize });
    }
  }
  return drives;
}

/**
 * Launches the appliance with the drives. Returns the images, each with its access to its drive or with its error. An
 * empty image has no drive, and nothing is ever transferred from it.
 */
async function startedDrives(
  prepared: ReadonlyMap<string, PreparedDrive>,
  appliances: DriveAppliances,
): Promise<Map<string, StartedDrive | FailedDrive>> {
  const drives = new Map<string, StartedDrive | FailedDrive>();
  for (const [key, drive] of prepared) {
    drives.set(key, drive.outcome === 'failed' ? drive : await startedDrive(key, drive, appliances));
  }
  return drives;
}

async function startedDrive(
  key: string,
  drive: ReadyDrive,
  appliances: DriveAppliances,
): Promise<StartedDrive | FailedDrive> {
  const failure = drive.exported === undefined ? undefined : await appliances.failureOf(key);
  return failure === undefined
    ? { ...drive, transfer: (start, length) => transfer(key, drive, appliances, start, length) }
    : { outcome: 'failed', error: launchError(drive, failure) };
}

function launchError({ call }: ReadyDrive, cause: VirtSimilarityError): VirtSimilarityError {
  const message = wording`[${COMPONENT}] cannot open ${call.image}: ${withoutComponent(cause.wording)}`;
  return new VirtSimilarityError('unavailable', message, { image: call.image, cause });
}

async function transfer(
  key: string,
  drive: ReadyDrive,
  appliances: DriveAppliances,
  start: number,
  length: number,
): Promise<Uint8Array> {
  try {
    return await appliances.transfer(key, start, length, drive.call.image);
  } catch (thrown) {
    if (!(thrown instanceof VirtSimilarityError)) {
      throw thrown;
    }
    if (thrown.code === 'unreadable') {
      await requireServed(drive, { start, length }, thrown);
    }
    // The error of a replacement appliance does not name the image.
    throw thrown.code === 'unavailable' && thrown.image === undefined ? launchError(drive, thrown) : thrown;
  }
}

/**
 * Distinguishes a damaged image from servers that have ended: to the appliance, both are just a failed read. Reads the
 * range again to find the position of the damage. Returns if the image is empty or no damage is found.
 *
 * @throws as `requireReadable`, and `unavailable` if a server has ended.
 */
async function requireServed(
  { call, exported }: ReadyDrive,
  range: { readonly start: number; readonly length: number },
  cause: VirtSimilarityError,
): Promise<void> {
  if (exported === undefined) {
    return;
  }
  if (!(await exported.isServed())) {
    const happened = 'the qemu-nbd or nbdkit that serves it ended unexpectedly; try again';
    throw readError(call, 'unavailable', happened, cause);
  }
  await requireReadable(exported.socketPath, range, call);
}
