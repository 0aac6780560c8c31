import { readdirSync, readFileSync } from 'node:fs';

/** O_CLOEXEC in /proc/self/fdinfo: the descriptor is closed when another program is executed. */
const CLOSE_ON_EXEC = 0o2_000_000;
const LAST_STANDARD_DESCRIPTOR = 2;

/**
 * Returns the descriptors of this process, besides the standard ones, that a child would inherit: those that the parent
 * of this process left open. Node.js marks every descriptor that it opens as close-on-exec, but of those that it
 * inherited, only the ones up to 16. Without /proc, the list is empty.
 */
export function inheritedDescriptors(): number[] {
  return descriptorsIn('/proc/self/fd').filter((descriptor) => {
    try {
      const flags = /^flags:\s+([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1];
      return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
    } catch {
      // The descriptor of the directory itself, which is closed again.
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
