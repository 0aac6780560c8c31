import { totalmem } from 'node:os';
import { readProcFile } from '../files/proc-file.js';
import { type MemoryNeed, memoryShortage } from './memory-shortage.js';

/** Bytes that are there for as long as anything works: not worth a look at how much there is. */
const LITTLE = 2 ** 26;

/**
 * @param findAvailable gives the bytes that this process can have more at the most
 * @throws `unavailable` where what is needed is surely more than there is: the system would let the memory be reserved
 *   all the same, and end some process or other when it is used.
 */
export function requireMemory(need: MemoryNeed, findAvailable: () => number = availableMemory): void {
  if (need.bytes <= LITTLE) {
    return;
  }
  const available = findAvailable();
  if (need.bytes > available) {
    throw memoryShortage(need, { available });
  }
}

function availableMemory(): number {
  const ofMachine = memoryAndSwap();
  const limit = process.constrainedMemory();
  // What its control group has used is not counted: most of that are files, which make room.
  return limit === 0 ? ofMachine : Math.max(0, Math.min(ofMachine, limit - process.memoryUsage.rss()));
}

/** Bytes of memory that other programs leave, and of swap space that is free; all memory where no one tells. */
function memoryAndSwap(): number {
  const told = readProcFile('/proc/meminfo');
  const kibibytes = [...told.matchAll(/^(?:MemAvailable|SwapFree): +(\d+) kB$/gm)].map(([, count]) => Number(count));
  return kibibytes.reduce((sum, count) => sum + count, 0) * 1024 || totalmem();
}
