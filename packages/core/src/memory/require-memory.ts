import { freemem, totalmem } from 'node:os';
import { type MemoryNeed, memoryShortage } from './memory-shortage.js';

/**
 * Throws `unavailable` where what is needed is surely more than there is: the system would let the memory be reserved
 * all the same, and end some process or other when it is used.
 *
 * @param available bytes
 */
export function requireMemory(need: MemoryNeed, available: number = availableMemory()): void {
  if (need.bytes > available) throw memoryShortage(need, { available });
}

/** Bytes that this process can have more at the most. */
function availableMemory(): number {
  // Systems other than Linux count as free only what they could not put to another use.
  const ofMachine = process.platform === 'linux' ? freemem() : totalmem();
  const limit = process.constrainedMemory();
  // What its control group has used is not counted: most of that are files, which make room.
  return limit === 0 ? ofMachine : Math.max(0, Math.min(ofMachine, limit - process.memoryUsage.rss()));
}
