import { readFileSync } from 'node:fs';
import { exhaustionRemedy, messageOf, missingModuleRemedy } from '@virt-similarity/core/errors';
import { flagText } from './options/flag-text.js';

/** Open files with which everything loads; with fewer, Node.js fails in ways that blame something else. */
const FEWEST_OPEN_FILES = 256;

/** The message where this process may not open as many files as it takes to load this program. */
export function describeShortage(): string | undefined {
  const allowed = openFilesAllowed();
  if (allowed >= FEWEST_OPEN_FILES) {
    return undefined;
  }
  return `expected to be allowed ${FEWEST_OPEN_FILES} open files, found ${allowed}; allow more open files with ulimit -n`;
}

/** The message where an error says that the system has run out of something, or that a module is missing. */
export function describeExhaustion(error: unknown): string | undefined {
  const remedy = missingModuleRemedy(error) ?? exhaustionRemedy(error);
  return remedy && `${messageOf(error)}; ${flagText(remedy)}`;
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
