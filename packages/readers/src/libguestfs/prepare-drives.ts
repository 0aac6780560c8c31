import { type DiskSource, messageOf, type ReadOptions, VirtSimilarityError } from '@virt-similarity/core';
import { requireNoWriter } from '../chain-map/require-no-writer.js';
import { inspect } from '../inspection/inspect.js';
import type { InspectedImage } from '../inspection/inspected-image.js';
import type { RunDirectory } from '../processes/run-directory.js';
import { type QemuCall, qemuCall } from '../qemu/qemu-call.js';
import { type DriveExport, exportDrive } from './drive-export.js';
import { COMPONENT } from './tools.js';

/** Images that are prepared at a time; each takes two processes. */
const CONCURRENCY = 8;

/** An image that an appliance can have. */
export interface ReadyDrive {
  readonly outcome: 'ready';
  readonly image: InspectedImage;
  /** Bytes that the guest sees. */
  readonly virtualSize: number;
  readonly call: QemuCall;
  /** Absent for an image without a byte: there are no such drives. */
  readonly exported: DriveExport | undefined;
}

/** An image that cannot be read, and why. */
export interface FailedDrive {
  readonly outcome: 'failed';
  readonly error: VirtSimilarityError;
}

export type PreparedDrive = ReadyDrive | FailedDrive;

/** Inspects and exports the sources, by their keys, each failing for itself. The caller closes the drives. */
export async function prepareDrives(
  sources: ReadonlyMap<string, DiskSource>,
  runDirectory: RunDirectory,
  options: ReadOptions,
): Promise<Map<string, PreparedDrive>> {
  const drives = new Map<string, PreparedDrive>();
  const waiting = sources.entries();
  const work = async () => {
    for (const [key, source] of waiting) {
      drives.set(key, await prepare(source, runDirectory, options));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return drives;
}

/** Ends the servers of all drives. Idempotent. */
export async function closeDrives(drives: Iterable<PreparedDrive>): Promise<void> {
  await Promise.all(Array.from(drives, (drive) => (drive.outcome === 'ready' ? drive.exported?.close() : undefined)));
}

async function prepare(source: DiskSource, runDirectory: RunDirectory, options: ReadOptions): Promise<PreparedDrive> {
  const call = qemuCall({ component: COMPONENT }, source, options);
  try {
    const image = await requireNoWriter(await inspect(source, options), options, call);
    const { virtualSize } = image;
    const exported = virtualSize === 0 ? undefined : await exportDrive(image, { ...call, runDirectory });
    return { outcome: 'ready', image, virtualSize, call, exported };
  } catch (thrown) {
    return { outcome: 'failed', error: asError(thrown, source) };
  }
}

function asError(thrown: unknown, { path }: DiskSource): VirtSimilarityError {
  if (thrown instanceof VirtSimilarityError) {
    return thrown;
  }
  const message = `[${COMPONENT}] cannot open ${path}: ${messageOf(thrown)}`;
  return new VirtSimilarityError('unreadable', message, { image: path, cause: thrown });
}
