import { asNote, type ReadOptions, throwIfAborted, VirtSimilarityError, wording } from '@virt-similarity/core';
import type { RunDirectory } from '@virt-similarity/image-tools';
import { type Acceleration, applianceEnvironment, usesKvm } from './acceleration.js';
import { Appliance } from './appliance.js';
import { ADD_EMPTY_DRIVE, addDrive, deviceName, deviceSize, LAUNCH, LIST_DEVICES } from './guestfish-arguments.js';
import { type GuestfishServer, startGuestfish } from './guestfish-server.js';
import { asLaunchFailure, LaunchFailure } from './launch-failure.js';
import { ALTERNATIVE, COMPONENT } from './tools.js';

/** Milliseconds, with room for building the appliance, which the first launch on a machine does. */
const KVM_TIMEOUT_MS = 2 * 60_000;
/** Each drive takes a third of a second more where the processor is emulated, and on a busy machine many times that. */
const EMULATION_TIMEOUT_MS = 10 * 60_000;

/** The appliance sees drives in sectors of this many bytes. */
const SECTOR = 512;

/** A drive that an appliance is to have. */
export interface ApplianceDrive {
  readonly socketPath: string;
  /** Bytes that the guest sees. */
  readonly virtualSize: number;
}

/** How appliances were found to start on this machine; shared by all launches, which learn from one another. */
export interface LaunchExperience {
  acceleration: Acceleration;
}

export interface LaunchOptions {
  readonly runDirectory: RunDirectory;
  readonly experience: LaunchExperience;
  readonly warn?: ReadOptions['warn'];
  readonly signal?: AbortSignal;
  /** Milliseconds that it may take at most; less where the machine should be faster. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Launches an appliance with the drives in their order, or with an empty one where there are none. Where it does not
 * start and KVM may be why, it is launched a second time without, with a warning.
 *
 * @throws `unavailable` where it does not start; `aborted`.
 */
export async function launchAppliance(drives: readonly ApplianceDrive[], options: LaunchOptions): Promise<Appliance> {
  try {
    if (options.experience.acceleration === 'default' && (await usesKvm(process.env))) {
      return await launchWithKvm(drives, options);
    }
    return await launch(drives, { ...options, timeoutMs: atMost(EMULATION_TIMEOUT_MS, options) });
  } catch (thrown) {
    throw thrown instanceof LaunchFailure ? thrown.toError() : thrown;
  }
}

async function launchWithKvm(drives: readonly ApplianceDrive[], options: LaunchOptions): Promise<Appliance> {
  try {
    return await launch(drives, { ...options, timeoutMs: atMost(KVM_TIMEOUT_MS, options) });
  } catch (thrown) {
    if (!(thrown instanceof LaunchFailure) || thrown.isUnbuildable) {
      throw thrown;
    }
    options.experience.acceleration = 'tcg';
    options.warn?.(
      ...asNote(
        wording`[${COMPONENT}] the appliance did not start with KVM (${thrown.wording}); trying once more without, which is slower; set LIBGUESTFS_BACKEND_SETTINGS=force_tcg to do so at once`,
      ),
    );
    return launch(drives, { ...options, timeoutMs: atMost(EMULATION_TIMEOUT_MS, options) });
  }
}

function atMost(usual: number, { timeoutMs = usual }: LaunchOptions): number {
  return Math.min(usual, timeoutMs);
}

interface Attempt extends LaunchOptions {
  readonly timeoutMs: number;
}

async function launch(drives: readonly ApplianceDrive[], options: Attempt): Promise<Appliance> {
  const { runDirectory, experience, signal, timeoutMs } = options;
  const server = await startGuestfish({
    runDirectory,
    environment: applianceEnvironment(process.env, experience.acceleration),
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    requireDrives(await callLaunch(server, drives, timeoutMs), drives);
    return new Appliance(server, await runDirectory.makeDirectory());
  } catch (thrown) {
    await server.stop();
    throwIfAborted(signal);
    throw thrown;
  }
}

/** Launches and gives the names of the drives, then their sizes, one a line. */
async function callLaunch(
  server: GuestfishServer,
  drives: readonly ApplianceDrive[],
  timeoutMs: number,
): Promise<string> {
  const adding = drives.map(({ socketPath }) => addDrive(socketPath));
  const sizes = drives.map((_, number) => deviceSize(number));
  const withDrives = [...adding, LAUNCH, LIST_DEVICES, ...sizes];
  try {
    return await server.call(drives.length === 0 ? [ADD_EMPTY_DRIVE, LAUNCH] : withDrives, timeoutMs);
  } catch (thrown) {
    throw asLaunchFailure(thrown, await server.lastError());
  }
}

/** Makes sure that the drives are there in their order: a mistake would have one image's bytes pass for another's. */
function requireDrives(output: string, drives: readonly ApplianceDrive[]): void {
  const sizes = drives.map(({ virtualSize }) => Math.ceil(virtualSize / SECTOR) * SECTOR);
  const expected = [...drives.map((_, number) => deviceName(number)), ...sizes].join('\n');
  if (output.trim() !== expected) {
    const problem = `[${COMPONENT}] the appliance has other drives than it was given`;
    throw new VirtSimilarityError(
      'unavailable',
      wording`${problem}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(output.trim())}; ${ALTERNATIVE}`,
    );
  }
}
