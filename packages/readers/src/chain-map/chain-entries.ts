import { throwIfAborted } from '@virt-similarity/core';
import type { MapEntry } from '@virt-similarity/image-tools';
import type { CompressedCluster, LayerMap } from './layer-map.js';

/** As `qemu-img map` would have it, with what it does not tell. */
export interface ChainEntry extends MapEntry {
  /** The compressed cluster that a run of compressed bytes begins in, where it can be decompressed here. */
  readonly cluster?: CompressedCluster | undefined;
}

/**
 * What a chain of images holds where, as `qemu-img map` would tell: from the first byte to `virtualSize`, ascending and
 * gapless. `chain` has the maps of all its images, top first.
 *
 * @throws as `LayerMap.runAt`, and `aborted`.
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

/** The entry that begins at `start` and ends at `limit`, at most the top image's size, or before. */
export async function entryAt(chain: readonly LayerMap[], start: number, limit: number): Promise<ChainEntry> {
  let end = limit;
  for (const [depth, map] of chain.entries()) {
    if (start >= map.size) {
      break;
    }
    // What backs an image shows only as far as the image itself reaches.
    const asked = map.runAt(start, Math.min(end, map.size));
    const run = asked instanceof Promise ? await asked : asked;
    end = start + run.length;
    if (run.kind === 'zero') {
      return { start, length: run.length, depth, zero: true, data: false };
    }
    if (run.kind !== 'unallocated') {
      const place = run.kind === 'stored' ? { offset: run.offset } : { compressed: true, cluster: run.cluster };
      return { start, length: run.length, depth, zero: false, data: true, ...place };
    }
  }
  return { start, length: end - start, depth: chain.length - 1, zero: true, data: false };
}
