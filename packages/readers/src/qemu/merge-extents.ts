import type { Extent } from '@virt-similarity/core';

/**
 * Yields the same extents in the same order, with neighbours merged. Data extents are merged only if both are inherited
 * or neither is, and if they are consecutive in one file or neither has a location. Zero extents are always merged.
 */
export async function* mergeExtents(extents: AsyncIterable<Extent>): AsyncGenerator<Extent, void> {
  let current: Extent | undefined;
  for await (const next of extents) {
    if (current !== undefined && continues(current, next)) {
      current = { ...current, length: current.length + next.length };
      continue;
    }
    if (current !== undefined) {
      yield current;
    }
    current = next;
  }
  if (current !== undefined) {
    yield current;
  }
}

function continues(current: Extent, next: Extent): boolean {
  if (current.kind === 'zero' || next.kind === 'zero') {
    return current.kind === next.kind;
  }
  if (current.inherited !== next.inherited) {
    return false;
  }
  if (current.stored === undefined || next.stored === undefined) {
    return current.stored === next.stored;
  }
  return current.stored.file === next.stored.file && current.stored.offset + current.length === next.stored.offset;
}
