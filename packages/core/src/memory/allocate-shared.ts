import { type MemoryNeed, memoryShortage } from './memory-shortage.js';
import { requireMemory } from './require-memory.js';

/**
 * Allocates zeroed memory that threads share.
 *
 * @throws `unavailable` if that much memory is certainly not available, or cannot be allocated.
 */
export function allocateShared(need: MemoryNeed): SharedArrayBuffer {
  requireMemory(need);
  try {
    return new SharedArrayBuffer(need.bytes);
  } catch (cause) {
    throw memoryShortage(need, { cause });
  }
}
