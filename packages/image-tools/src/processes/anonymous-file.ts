import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createRunDirectory } from './run-directory.js';

/** An open file without a name, for a child process to inherit. */
export interface AnonymousFile {
  readonly fd: number;
  close(): Promise<void>;
}

/**
 * Creates a file without a name, with `bytes` as its content. The caller closes the file.
 *
 * @throws as `createRunDirectory`, and any error of the file system.
 */
export async function makeAnonymousFile(bytes: Uint8Array): Promise<AnonymousFile> {
  const directory = await createRunDirectory();
  try {
    const file = await open(join(directory.path, 'text'), 'wx+', 0o600);
    try {
      await file.writeFile(bytes);
      return file;
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  } finally {
    await directory.remove();
  }
}
