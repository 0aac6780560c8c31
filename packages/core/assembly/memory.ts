/** Bytes of a processor's cache line. */
const LINE: usize = 64;
/** Bytes of a page of WebAssembly memory. */
const PAGE: i64 = 65536;

/** May be past the last address, where all are in use. */
let free: i64 = __heap_base;

/** Forgets every region: the next ones are laid out from the beginning. */
export function releaseAll(): void {
  free = __heap_base;
}

/** Throws, in the host: there are not so many bytes of memory. */
declare function outOfMemory(bytes: f64): void;

/**
 * Memory that begins at a cache line and is followed by at least 16 bytes that may be read; its content is unspecified.
 * Throws an error of the host where there is none.
 */
export function allocate(bytes: usize): usize {
  const start = (free + LINE - 1) & ~(<i64>LINE - 1);
  const end = start + <i64>bytes + 16;
  const missing = end - ((<i64>memory.size()) << 16);
  if (missing > 0 && memory.grow(<i32>((missing + PAGE - 1) >> 16)) < 0) {
    outOfMemory(<f64>end);
  }
  free = end;
  return <usize>start;
}

/**
 * The distance between consecutive rows of `bytes` each: an odd number of cache lines, because rows at a multiple of
 * 4 KiB would compete for the same few places of the first-level cache.
 */
export function rowStride(bytes: usize): usize {
  return ((bytes + 2 * LINE - 1) & ~(2 * LINE - 1)) + LINE;
}
