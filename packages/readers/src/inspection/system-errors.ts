import { exhaustionRemedy, messageOf, wording } from '@virt-similarity/core';
import { HeaderError } from './header-error.js';

/** Runs a file operation and turns an error of the system into a `HeaderError` with a remedy. */
export async function systemErrors<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    throw systemError(cause);
  }
}

function systemError(cause: unknown): HeaderError {
  const remedy = exhaustionRemedy(cause);
  if (remedy !== undefined) {
    return new HeaderError('unavailable', wording`${messageOf(cause)}; ${remedy}`, { cause });
  }
  const code = (cause as NodeJS.ErrnoException).code;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new HeaderError('unreadable', 'there is no such file; check its name', { cause });
    case 'EACCES':
    case 'EPERM':
      return new HeaderError('unreadable', 'permission denied; allow this user to read it', { cause });
    case 'ELOOP':
      return new HeaderError('refused', 'it is a loop of symbolic links; name the file itself', {
        cause,
      });
    default:
      return new HeaderError('unreadable', `${messageOf(cause)}; check the storage that it is on`, { cause });
  }
}
