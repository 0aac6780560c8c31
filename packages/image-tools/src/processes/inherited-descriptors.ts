import { readdirSync, readFileSync } from 'node:fs';

/** O_CLOEXEC in /proc/self/fdinfo: the descriptor is closed when another program is executed. */
const CLOSE_ON_EXEC = 0o2_000_000;
const LAST_STANDARD_DESCRIPTOR = 2;

/**
 * Returns the descriptors from 3 on that a child of this process would inherit, because the parent of this process left
 * them open. Node.js marks every descriptor that it opens as close-on-exec. Of the inherited descriptors, it marks 0 to
 * 15, and the descriptors from 16 on up to the first unused number. Without /proc, the list is empty.
 */
export function inheritedDescriptors(): number[] {
  return descriptorsIn('/proc/self/fd').filter((descriptor) => {
    try {
      const flags = /^flags:\s+([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1];
      return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
    } catch {
      // The descriptor with which the directory was read, which is closed by now.
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
