import { type DiskSource, type ReadOptions, throwIfAborted, VirtSimilarityError } from '@virt-similarity/core';
import { createRunDirectory } from '../processes/run-directory.js';
import type { Appliance } from './appliance.js';
import { closeParts, type LaunchedPart, launchApart } from './launch-apart.js';
import { type ApplianceDrive, type LaunchExperience, launchAppliance } from './launch-appliance.js';
import { closeDrives, type FailedDrive, type PreparedDrive, prepareDrives, type ReadyDrive } from './prepare-drives.js';
import { requireReadable } from './require-readable.js';
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
 * Exports all sources that can be read and launches an appliance with them, if there are any: several where a source
 * keeps one from starting, which then fails for itself.
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
  let parts: readonly LaunchedPart<Appliance>[] = [];
  const stop = async () => {
    await closeParts(parts);
    await closeDrives(prepared.values());
    await runDirectory.remove();
  };
  try {
    throwIfAborted(options.signal);
    const attached = attachable(prepared);
    if (attached.size > 0) {
      const launchOptions = { ...options, runDirectory, experience };
      parts = await launchApart(attached, (drives, timeoutMs) =>
        launchAppliance(drives, { ...launchOptions, timeoutMs }),
      );
    }
    return { drives: startedDrives(prepared, parts), stop };
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
  parts: readonly LaunchedPart<Appliance>[],
): Map<string, StartedDrive | FailedDrive> {
  const drives = new Map<string, StartedDrive | FailedDrive>();
  for (const [key, drive] of prepared) {
    const part = parts.find(({ keys }) => keys.includes(key));
    if (drive.outcome === 'failed') {
      drives.set(key, drive);
    } else if (part?.outcome === 'failed') {
      drives.set(key, { outcome: 'failed', error: launchError(drive, part.error) });
    } else {
      const number = part?.keys.indexOf(key) ?? 0;
      drives.set(key, {
        ...drive,
        transfer: (start, length) => transfer(drive, part!.appliance, number, start, length),
      });
    }
  }
  return drives;
}

function launchError({ call }: ReadyDrive, cause: VirtSimilarityError): VirtSimilarityError {
  const message = `[${COMPONENT}] cannot open ${call.image}: ${cause.message.replace(`[${COMPONENT}] `, '')}`;
  return new VirtSimilarityError('unavailable', message, { image: call.image, cause });
}

/**
 * Tells damage of the image, and where it is, from the end of what serves it: all look the same from within the
 * appliance.
 */
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
    if (!(thrown instanceof VirtSimilarityError) || thrown.code !== 'unreadable' || exported === undefined) {
      throw thrown;
    }
    if (!(await exported.isServed())) {
      throw new VirtSimilarityError(
        'unavailable',
        `[${COMPONENT}] cannot read ${call.image}: qemu-nbd or nbdkit, which serve it, ended unexpectedly; try again`,
        { image: call.image, cause: thrown },
      );
    }
    await requireReadable(exported.socketPath, { start, length }, call);
    throw thrown;
  }
}
