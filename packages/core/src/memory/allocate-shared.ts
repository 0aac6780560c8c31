import { type MemoryNeed, memoryShortage } from './memory-shortage.js';
import { requireMemory } from './require-memory.js';

/**
 * Zeroed memory that threads share.
 *
 * @throws `unavailable` where there is surely not as much.
 */
export function allocateShared(need: MemoryNeed): SharedArrayBuffer {
  requireMemory(need);
  try {
    return new SharedArrayBuffer(need.bytes);
  } catch (cause) {
    throw memoryShortage(need, { cause });
  }
}
