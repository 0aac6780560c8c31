import { throwIfAborted } from '@virt-similarity/core';
import type { MapEntry } from '@virt-similarity/image-tools';
import type { CompressedCluster, LayerMap } from './layer-map.js';

/** An entry in the form of `qemu-img map`, with a detail that `qemu-img map` does not report. */
export interface ChainEntry extends MapEntry {
  /** The cluster in which the run begins, if the run is compressed with raw deflate; `undefined` otherwise. */
  readonly cluster?: CompressedCluster | undefined;
}

/**
 * Yields the map of a chain of images in the form of `qemu-img map`, from the first byte to `virtualSize`, ascending
 * and without gaps. `chain` contains the maps of all images of the chain, top first.
 *
 * @throws as `LayerMap.runAt`; `aborted` if the signal has fired.
 */
export async function* chainEntries(
  chain: readonly LayerMap[],
  virtualSize: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<MapEntry, void> {
  for (let position = 0; position < virtualSize; ) {
    throwIfAborted(signal);
    const entry = await entryAt(chain, position, virtualSize);
    yield entry;
    position += entry.length;
  }
}

/**
 * Returns the entry that begins at `start` and ends at or before `limit`, which is at most the top image's size. The
 * entry has at least one byte. The next entry can be of the same kind.
 *
 * @throws as `LayerMap.runAt`.
 */
export async function entryAt(chain: readonly LayerMap[], start: number, limit: number): Promise<ChainEntry> {
  let end = limit;
  for (const [depth, map] of chain.entries()) {
    if (start >= map.size) {
      break;
    }
    // A backing image is visible only up to the end of the image above it.
    const lookup = map.runAt(start, Math.min(end, map.size));
    const run = lookup instanceof Promise ? await lookup : lookup;
    end = start + run.length;
    if (run.kind === 'zero') {
      return { start, length: run.length, depth, zero: true, data: false };
    }
    if (run.kind !== 'unallocated') {
      const location = run.kind === 'stored' ? { offset: run.offset } : { compressed: true, cluster: run.cluster };
      return { start, length: run.length, depth, zero: false, data: true, ...location };
    }
  }
  return { start, length: end - start, depth: chain.length - 1, zero: true, data: false };
}
