import {
  type DiskSource,
  type IdentifiedSource,
  messageOf,
  type ReadOptions,
  VirtSimilarityError,
} from '@virt-similarity/core';
import { type QemuCall, qemuCall, type RunDirectory } from '@virt-similarity/image-tools';
import { requireNoWriter } from '../chain-map/require-no-writer.js';
import { wholeIdentityOf } from '../inspection/identity-of.js';
import type { Inspected, Inspections } from '../inspection/inspections.js';
import { type DriveExport, exportDrive } from './drive-export.js';
import { COMPONENT, NEEDS } from './tools.js';

/** The most images that are prepared concurrently. Each takes two processes. */
const CONCURRENCY = 8;

/** An image that is ready to become a drive. */
export interface ReadyDrive {
  readonly outcome: 'ready';
  readonly inspected: Inspected;
  /** Bytes that the guest sees. */
  readonly virtualSize: number;
  readonly call: QemuCall;
  /** `undefined` for an image of 0 bytes, because an empty drive is impossible. */
  readonly exported: DriveExport | undefined;
}

/** An image that cannot be read, with its error. */
export interface FailedDrive {
  readonly outcome: 'failed';
  readonly error: VirtSimilarityError;
}

export type PreparedDrive = ReadyDrive | FailedDrive;

/**
 * Exports the images and returns them by their keys. Each image can fail separately, so this never rejects. The caller
 * closes the drives, see `closeDrives`.
 */
export async function prepareDrives(
  images: ReadonlyMap<string, IdentifiedSource>,
  runDirectory: RunDirectory,
  options: ReadOptions,
  inspections: Inspections,
): Promise<Map<string, PreparedDrive>> {
  const drives = new Map<string, PreparedDrive>();
  const waiting = images.entries();
  const work = async () => {
    for (const [key, image] of waiting) {
      drives.set(key, await prepare(image, runDirectory, options, inspections));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return drives;
}

/** Stops the servers of all drives. Idempotent. */
export async function closeDrives(drives: Iterable<PreparedDrive>): Promise<void> {
  await Promise.all(Array.from(drives, (drive) => (drive.outcome === 'ready' ? drive.exported?.close() : undefined)));
}

async function prepare(
  identified: IdentifiedSource,
  runDirectory: RunDirectory,
  options: ReadOptions,
  inspections: Inspections,
): Promise<PreparedDrive> {
  const call = qemuCall({ component: COMPONENT, ...NEEDS }, identified.source, options);
  try {
    const found = await inspections.inspected(identified, options, wholeIdentityOf);
    const image = await requireNoWriter(found.image, options, call);
    const inspected = image === found.image ? found : { image, identity: wholeIdentityOf(image) };
    const { virtualSize } = image;
    const exported = virtualSize === 0 ? undefined : await exportDrive(image, { ...call, runDirectory });
    return { outcome: 'ready', inspected, virtualSize, call, exported };
  } catch (thrown) {
    return { outcome: 'failed', error: asError(thrown, identified.source) };
  }
}

function asError(thrown: unknown, { path }: DiskSource): VirtSimilarityError {
  if (thrown instanceof VirtSimilarityError) {
    return thrown;
  }
  const message = `[${COMPONENT}] cannot open ${path}: ${messageOf(thrown)}`;
  return new VirtSimilarityError('unreadable', message, { image: path, cause: thrown });
}
