import { throwIfAborted, VirtSimilarityError } from '@virt-similarity/core';
import { OutputLimitError } from '../processes/output-limit-error.js';
import { allocatedBytes } from '../reading/allocated-bytes.js';
import { type ErrorContext, readError } from '../reading/read-error.js';
import { imageInfo, requireSameSize } from './image-info.js';
import type { InspectedImage } from './inspected-image.js';
import type { QemuCall } from './qemu-call.js';
import { isCount, qemuImgJson } from './qemu-img.js';

/**
 * A run of guest-visible bytes as reported by `qemu-img map`; positions and lengths in bytes.
 * Reference: https://www.qemu.org/docs/master/tools/qemu-img.html, "map".
 */
export interface MapEntry {
  readonly start: number;
  readonly length: number;
  /** The depth in the backing chain of the image that holds the run; 0 is the top image. */
  readonly depth: number;
  /** Whether the run is known to read as zeros. */
  readonly zero: boolean;
  /** Whether bytes are stored for the run. They can still be zeros, or be past the end of a truncated file. */
  readonly data: boolean;
  /**
   * Whether the bytes are compressed. Reported by qemu 8.2 and later; for compressed runs, all versions omit `offset`.
   */
  readonly compressed?: boolean | undefined;
  /** The position at which the bytes are stored verbatim in the file that holds them. */
  readonly offset?: number | undefined;
}

const SECTOR_BYTES = 512;
/** The first window, in bytes, and the factor by which windows grow while they hold few entries. */
const FIRST_WINDOW = 2 ** 30;
const WINDOW_GROWTH = 16;
/** The smallest window, in bytes. Even with one entry per sector, its map fits in the output of one call. */
const LEAST_WINDOW = 2 ** 24;
/**
 * The complete map of a raw file that occupies at most this many bytes on disk is requested in one call: such a file
 * rarely has many holes, because each hole is between two pieces of data.
 */
const SMALL_MAP_BYTES = 2 ** 31;
/**
 * A window with at least this many entries is not followed by a larger window, whose map could be too long for one
 * call.
 */
const MANY_ENTRIES = 4000;

/**
 * Yields the map of an image from byte 0 to `virtualSize`, ascending, without gaps and clamped to that size.
 *
 * The map is requested in windows, so that the output of one call bounds the memory for a fragmented image. Windows
 * grow, so that an image with few entries needs few calls. A window with too many entries is requested again in smaller
 * parts.
 *
 * @throws as `qemuImgJson` and `requireSameSize`, and `corrupt` if the entries of the map are not consecutive.
 */
export async function* mapEntries(
  image: InspectedImage,
  virtualSize: number,
  call: QemuCall,
): AsyncGenerator<MapEntry, void> {
  if (virtualSize === 0 && image.format !== 'raw') {
    // There is nothing to map, but qemu can reject the header.
    requireSameSize((await imageInfo(image, call)).virtualSize, image, call);
  }
  let position = 0;
  const isSmallMap = image.format === 'raw' && (await allocatedBytes(image.file)) <= SMALL_MAP_BYTES;
  let window = isSmallMap ? virtualSize : FIRST_WINDOW;
  let largestWindow = Infinity;
  while (position < virtualSize) {
    throwIfAborted(call.signal);
    const length = Math.min(window, virtualSize - position);
    // The last window of an image that is not raw extends past the expected end, to detect a larger disk.
    const isLast = position + length === virtualSize && image.format !== 'raw';
    const beyond = isLast ? SECTOR_BYTES : 0;
    const entries = await entriesWithin(position, length + beyond, image, call);
    if (entries === undefined) {
      // A power of two, so that each window begins at a sector boundary.
      largestWindow = Math.max(LEAST_WINDOW, 2 ** Math.floor(Math.log2(length / WINDOW_GROWTH)));
      window = largestWindow;
      continue;
    }
    const end = position + length;
    if (isLast && endOf(entries) > end) {
      requireSameSize(endOf(entries), image, call);
    }
    yield* gaplessEntries(entries, position, end, call);
    position = end;
    window = entries.length < MANY_ENTRIES ? Math.min(window * WINDOW_GROWTH, largestWindow) : window;
  }
}

/** Returns the entries of a window; `undefined` if qemu-img printed too much and a smaller window is possible. */
async function entriesWithin(
  position: number,
  length: number,
  image: InspectedImage,
  call: QemuCall,
): Promise<readonly MapEntry[] | undefined> {
  const range = [`--start-offset=${position}`, `--max-length=${length}`];
  try {
    return await qemuImgJson(['map', ...range], isEntryList, image, call);
  } catch (thrown) {
    if (length > LEAST_WINDOW && thrown instanceof VirtSimilarityError && thrown.cause instanceof OutputLimitError) {
      return undefined;
    }
    throw thrown;
  }
}

/** Returns the position after the last entry; 0 if there is none. */
function endOf(entries: readonly MapEntry[]): number {
  const last = entries.at(-1);
  return last === undefined ? 0 : last.start + last.length;
}

/**
 * Yields the entries of a map from `start` to `end`. Clamps the last entry to `end`.
 *
 * @throws `corrupt` unless the entries are consecutive, cover that range, and none begins at `end` or later.
 */
export function* gaplessEntries(
  entries: readonly MapEntry[],
  start: number,
  end: number,
  errorContext: ErrorContext,
): Generator<MapEntry, void> {
  let position = start;
  for (const entry of entries) {
    if (entry.start !== position || position >= end) {
      throw incompleteMap(position, errorContext);
    }
    yield { ...entry, length: Math.min(entry.length, end - position) };
    position = Math.min(entry.start + entry.length, end);
  }
  if (position !== end) {
    throw incompleteMap(position, errorContext);
  }
}

function isEntryList(output: unknown): output is readonly MapEntry[] {
  return Array.isArray(output) && output.every(isEntry);
}

function isEntry(value: Partial<Record<keyof MapEntry, unknown>> | null): boolean {
  const { start, length, depth, zero, data, compressed = false, offset = 0 } = value ?? {};
  const counts = [start, length, depth, offset];
  const flags = [zero, data, compressed];
  return counts.every(isCount) && length !== 0 && flags.every((flag) => typeof flag === 'boolean');
}

function incompleteMap(position: number, errorContext: ErrorContext): VirtSimilarityError {
  const found = `the entries of qemu-img map are not consecutive at byte ${position}`;
  return readError(
    errorContext,
    'corrupt',
    `${found}; check the image, and that qemu-img in PATH is the one from qemu-utils`,
  );
}
