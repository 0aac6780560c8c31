/** The size in bytes of a processor's cache line. */
const LINE: usize = 64;
/** The size in bytes of a page of WebAssembly memory. */
const PAGE: i64 = 65536;

/** The first free address; past the last address if all memory is in use. */
let free: i64 = __heap_base;

/** Releases all memory: the next allocation starts from the beginning. */
export function releaseAll(): void {
  free = __heap_base;
}

/** Throws an error in the host, which says that `bytes` bytes of memory are not available. */
declare function outOfMemory(bytes: f64): void;

/**
 * Allocates memory that begins at a cache line and is followed by at least 16 readable bytes. Its content is
 * unspecified. Throws an error of the host if there is not enough memory.
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
 * Returns the distance in bytes between the beginnings of consecutive rows of `bytes` each. It is an odd number of
 * cache lines, because rows at multiples of 4 KiB would compete for the same few lines of the first-level cache.
 */
export function rowStride(bytes: usize): usize {
  return ((bytes + 2 * LINE - 1) & ~(2 * LINE - 1)) + LINE;
}
