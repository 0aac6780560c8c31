/** Bytes of a processor's cache line. */
const LINE: usize = 64;
/** Bytes of a page of WebAssembly memory. */
const PAGE: usize = 65536;

let free: usize = __heap_base;

/** Forgets every region: the next ones are laid out from the beginning. */
export function releaseAll(): void {
  free = __heap_base;
}

/** Memory that begins at a cache line and is followed by at least 16 bytes that may be read; its content is unspecified. */
export function allocate(bytes: usize): usize {
  const start = (free + LINE - 1) & ~(LINE - 1);
  free = start + bytes + 16;
  const missing = <isize>free - ((<isize>memory.size()) << 16);
  if (missing > 0 && memory.grow(<i32>((<usize>missing + PAGE - 1) >> 16)) < 0) unreachable();
  return start;
}

/**
 * The distance between consecutive rows of `bytes` each: an odd number of cache lines, because rows at a multiple of
 * 4 KiB would compete for the same few places of the first-level cache.
 */
export function rowStride(bytes: usize): usize {
  return ((bytes + 2 * LINE - 1) & ~(2 * LINE - 1)) + LINE;
}
