import { readFileSync } from 'node:fs';
import { isExhaustion, messageOf } from '@virt-similarity/core/errors';

/** Open files with which everything loads; with fewer, Node.js fails in ways that blame something else. */
const FEWEST_OPEN_FILES = 256;
/** For want of descriptors, Node.js takes a module that is there for one that is not. */
const MODULE_REMEDY = 'allow more open files with ulimit -n, or install virt-similarity anew';

/** What the system can run out of, and the remedy. */
const REMEDIES: Readonly<Record<string, string>> = {
  EMFILE: 'allow more open files with ulimit -n',
  ENFILE: 'close other programs, or allow more open files for the whole system',
  ERR_MODULE_NOT_FOUND: MODULE_REMEDY,
  ERR_UNSUPPORTED_DIR_IMPORT: MODULE_REMEDY,
  ENOMEM: 'close other programs, or allow more memory',
};

/** For want of space, processes or memory that no code tells apart. */
const OTHER_REMEDY = 'close other programs, or allow more memory, processes and space';

/** The message where this process may not open as many files as it takes to load this program. */
export function describeShortage(): string | undefined {
  const allowed = openFilesAllowed();
  if (allowed >= FEWEST_OPEN_FILES) {
    return undefined;
  }
  return `expected to be allowed ${FEWEST_OPEN_FILES} open files, found ${allowed}; ${REMEDIES.EMFILE}`;
}

/** The message where an error says that the system has run out of something. */
export function describeExhaustion(error: unknown): string | undefined {
  const known = error instanceof Error && 'code' in error ? REMEDIES[String(error.code)] : undefined;
  const remedy = known ?? (isExhaustion(error) ? OTHER_REMEDY : undefined);
  return remedy && `${messageOf(error)}; ${remedy}`;
}

/** Infinity where the system does not say, or sets no bound. */
function openFilesAllowed(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
