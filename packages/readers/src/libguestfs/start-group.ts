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
import { type ApplianceDrive, type LaunchExperience, launchAppliance } from './launch-appliance.js';
import { closeDrives, type FailedDrive, type PreparedDrive, prepareDrives, type ReadyDrive } from './prepare-drives.js';
import { requireReadable } from './require-readable.js';
import { COMPONENT, withoutComponent } from './tools.js';

/** An image within a running group. */
interface StartedDrive extends ReadyDrive {
  /**
   * The `length` bytes of the drive from `start` on.
   *
   * @throws as `DriveAppliances.transfer`.
   */
  transfer(start: number, length: number): Promise<Uint8Array>;
}

/** What the sessions of a reader share. */
export interface LaunchMeans {
  readonly experience: LaunchExperience;
  readonly inspections: Inspections;
}

/** The processes that serve a group of images. */
export interface StartedGroup {
  /** By the images' keys. */
  readonly drives: ReadonlyMap<string, StartedDrive | FailedDrive>;
  /** Ends the processes and removes what they left. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Exports all images that can be read and launches an appliance with them, if there are any. Where an image keeps it
 * from starting or going on, that one fails for itself, see `DriveAppliances`.
 *
 * @throws `unavailable` where the appliance does not start; `aborted`. Nothing is left then.
 */
export async function startGroup(
  images: ReadonlyMap<string, IdentifiedSource>,
  options: ReadOptions,
  { experience, inspections }: LaunchMeans,
): Promise<StartedGroup> {
  const runDirectory = await createRunDirectory();
  const prepared = await prepareDrives(images, runDirectory, options, inspections);
  const appliances = new DriveAppliances(
    attachable(prepared),
    (drives, timeoutMs) => launchAppliance(drives, { ...options, runDirectory, experience, timeoutMs }),
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

/** Has each image's drive launched; an image without a byte has none, and nothing is ever transferred of it. */
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
    // An appliance that was to take the place of another one does not know for which image it was.
    throw thrown.code === 'unavailable' && thrown.image === undefined ? launchError(drive, thrown) : thrown;
  }
}

/**
 * Tells damage of the image, and where it is, from the end of what serves it: all look the same from within the
 * appliance, which could not read there.
 *
 * @throws as `requireReadable`, and `unavailable`.
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
    const happened = 'qemu-nbd or nbdkit, which serve it, ended unexpectedly; try again';
    throw readError(call, 'unavailable', happened, cause);
  }
  await requireReadable(exported.socketPath, range, call);
}
