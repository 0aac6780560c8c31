import { totalmem } from 'node:os';
import { readProcFile } from '../files/proc-file.js';
import { type MemoryNeed, memoryShortage } from './memory-shortage.js';

/** Bytes: needs up to this size are not checked. */
const UNCHECKED = 2 ** 26;

/**
 * Refuses a need of more than 64 MiB that certainly exceeds the available memory. Without this check, the system could
 * let the process reserve more memory than the machine has, and kill a process when the memory is used.
 *
 * @param findAvailable returns an upper bound of the bytes that this process can still allocate
 * @throws `unavailable` if the need is refused.
 */
export function requireMemory(need: MemoryNeed, findAvailable: () => number = availableMemory): void {
  if (need.bytes <= UNCHECKED) {
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
  // The control group's own usage is not subtracted: most of it is page cache, which can be reclaimed.
  return limit === 0 ? ofMachine : Math.max(0, Math.min(ofMachine, limit - process.memoryUsage.rss()));
}

/** Returns the bytes of available memory and free swap space, or of all memory if the system reports neither. */
function memoryAndSwap(): number {
  const report = readProcFile('/proc/meminfo');
  const kibibytes = [...report.matchAll(/^(?:MemAvailable|SwapFree): +(\d+) kB$/gm)].map(([, count]) => Number(count));
  return kibibytes.reduce((sum, count) => sum + count, 0) * 1024 || totalmem();
}
