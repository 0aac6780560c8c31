import { readdirSync, readFileSync } from 'node:fs';

/** The flag in /proc/self/fdinfo of a descriptor that is closed when another program is executed: O_CLOEXEC. */
const CLOSE_ON_EXEC = 0o2_000_000;
const LAST_STANDARD_DESCRIPTOR = 2;

/**
 * The descriptors of this process, beside the standard ones, that a child would inherit: those that the process that
 * started this one left open. Node.js marks its own as close-on-exec, and of inherited ones only those up to 16.
 */
export function inheritedDescriptors(): number[] {
  return descriptorsIn('/proc/self/fd').filter((descriptor) => {
    try {
      const flags = /^flags:\s+([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1];
      return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
    } catch {
      // The directory's own, closed again.
      return false;
    }
  });
}

function descriptorsIn(directory: string): number[] {
  try {
    return readdirSync(directory)
      .map(Number)
      .filter((descriptor) => descriptor > LAST_STANDARD_DESCRIPTOR);
  } catch {
    return [];
  }
}
