import { readFileSync } from 'node:fs';
import { exhaustionRemedy, messageOf, missingModuleRemedy } from '@virt-similarity/core/errors';
import { flagText } from './options/flag-text.js';

/**
 * The limit of open files that this program needs to load. With a lower limit, Node.js fails with misleading errors.
 */
const MIN_OPEN_FILES = 256;

/** Returns a message if the limit of open files is too low to load this program; `undefined` if it is not. */
export function describeShortage(): string | undefined {
  const limit = openFilesLimit();
  if (limit >= MIN_OPEN_FILES) {
    return undefined;
  }
  return `expected a limit of at least ${MIN_OPEN_FILES} open files, found ${limit}; raise it with ulimit -n`;
}

/**
 * Returns a message for an error that means an exhausted system resource or a missing module; `undefined` for others.
 */
export function describeExhaustion(error: unknown): string | undefined {
  const remedy = missingModuleRemedy(error) ?? exhaustionRemedy(error);
  return remedy && `${messageOf(error)}; ${flagText(remedy)}`;
}

/** Returns the soft limit of open files; `Infinity` if it is unlimited or unknown. */
function openFilesLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
