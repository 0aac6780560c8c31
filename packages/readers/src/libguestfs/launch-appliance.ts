import { asNote, type ReadOptions, throwIfAborted, VirtSimilarityError, wording } from '@virt-similarity/core';
import type { RunDirectory } from '@virt-similarity/image-tools';
import { type Acceleration, applianceEnvironment, usesKvm } from './acceleration.js';
import { Appliance } from './appliance.js';
import { ADD_EMPTY_DRIVE, addDrive, deviceName, deviceSize, LAUNCH, LIST_DEVICES } from './guestfish-arguments.js';
import { type GuestfishServer, startGuestfish } from './guestfish-server.js';
import { asLaunchFailure, LaunchFailure } from './launch-failure.js';
import { ALTERNATIVE, COMPONENT } from './tools.js';

/** The time limit of a launch with KVM in milliseconds. The first launch on a machine also builds the appliance. */
const KVM_TIMEOUT_MS = 2 * 60_000;
/**
 * The time limit of a launch with an emulated processor in milliseconds. Each drive takes an additional third of a
 * second, and much longer on a busy machine.
 */
const EMULATION_TIMEOUT_MS = 10 * 60_000;

/** Bytes of a sector as the appliance sees it. */
const SECTOR = 512;

/** A drive for an appliance. */
export interface ApplianceDrive {
  readonly socketPath: string;
  /** Bytes that the guest sees. */
  readonly virtualSize: number;
}

/** The settings with which appliances start on this machine. All launches share and update them. */
export interface LaunchSettings {
  acceleration: Acceleration;
}

export interface LaunchOptions {
  readonly runDirectory: RunDirectory;
  readonly settings: LaunchSettings;
  readonly warn?: ReadOptions['warn'];
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds. If the default limit is lower, the default limit applies. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Launches an appliance with the drives in their order, or with an empty drive if there are none. If it does not start
 * and KVM may be the cause, warns and launches it again without KVM. All later launches with the same `settings` are
 * then without KVM. The caller closes the appliance.
 *
 * @throws `unavailable` if the appliance does not start; `aborted`; and as `startGuestfish`.
 */
export async function launchAppliance(drives: readonly ApplianceDrive[], options: LaunchOptions): Promise<Appliance> {
  try {
    if (options.settings.acceleration === 'default' && (await usesKvm(process.env))) {
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
    options.settings.acceleration = 'tcg';
    options.warn?.(
      ...asNote(
        wording`[${COMPONENT}] the appliance did not start with KVM (${thrown.wording}); retrying without KVM, which is slower; set LIBGUESTFS_BACKEND_SETTINGS=force_tcg to skip KVM`,
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
  const { runDirectory, settings, signal, timeoutMs } = options;
  const server = await startGuestfish({
    runDirectory,
    environment: applianceEnvironment(process.env, settings.acceleration),
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

/** Launches the appliance and returns the names of its drives, then their sizes, one per line. */
async function callLaunch(
  server: GuestfishServer,
  drives: readonly ApplianceDrive[],
  timeoutMs: number,
): Promise<string> {
  const adding = drives.map(({ socketPath }) => addDrive(socketPath));
  const sizes = drives.map((_, index) => deviceSize(index));
  const withDrives = [...adding, LAUNCH, LIST_DEVICES, ...sizes];
  try {
    return await server.call(drives.length === 0 ? [ADD_EMPTY_DRIVE, LAUNCH] : withDrives, timeoutMs);
  } catch (thrown) {
    throw asLaunchFailure(thrown, await server.lastError());
  }
}

/**
 * Requires the appliance to have these drives in this order: otherwise one image's bytes would be read as another's.
 *
 * @throws `unavailable` if it has other drives.
 */
function requireDrives(output: string, drives: readonly ApplianceDrive[]): void {
  const sizes = drives.map(({ virtualSize }) => Math.ceil(virtualSize / SECTOR) * SECTOR);
  const expected = [...drives.map((_, index) => deviceName(index)), ...sizes].join('\n');
  if (output.trim() !== expected) {
    const problem = `[${COMPONENT}] the appliance has the wrong drives`;
    throw new VirtSimilarityError(
      'unavailable',
      wording`${problem}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(output.trim())}; ${ALTERNATIVE}`,
    );
  }
}
