import { messageOf } from '@virt-similarity/core/errors';

/** For want of descriptors, Node.js takes a module that is there for one that is not. */
const MODULE_REMEDY = 'allow more open files with ulimit -n, or install virt-similarity anew';

/** What the system can run out of before this program has loaded, and the remedy. */
const REMEDIES: Readonly<Record<string, string>> = {
  EMFILE: 'allow more open files with ulimit -n',
  ENFILE: 'close other programs, or allow more open files for the whole system',
  ERR_MODULE_NOT_FOUND: MODULE_REMEDY,
  ERR_UNSUPPORTED_DIR_IMPORT: MODULE_REMEDY,
  ENOMEM: 'close other programs, or allow more memory',
};

/** The message where an error says that the system has run out of something that loading a module takes. */
export function describeExhaustion(error: unknown): string | undefined {
  const remedy = error instanceof Error && 'code' in error ? REMEDIES[String(error.code)] : undefined;
  return remedy && `${messageOf(error)}; ${remedy}`;
}
