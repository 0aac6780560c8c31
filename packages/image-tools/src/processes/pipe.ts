import { execFile } from 'node:child_process';
import { close, constants, open } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createRunDirectory } from './run-directory.js';

const openDescriptor = promisify(open);
const closeDescriptor = promisify(close);
const run = promisify(execFile);

/** The two ends of a pipe, which the owner closes. */
export interface Pipe {
  /** Non-blocking. */
  readonly reader: number;
  readonly writer: number;
}

/**
 * Creates a pipe. Between Node.js and a child process there is a pair of sockets otherwise, through which less than half
 * as many bytes go in the same time.
 *
 * @throws as `createRunDirectory`, and any error of the file system or of mkfifo.
 */
export async function makePipe(): Promise<Pipe> {
  const directory = await createRunDirectory();
  try {
    const path = join(directory.path, 'pipe');
    await run('mkfifo', ['-m', '600', path]);
    const reader = await openDescriptor(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return { reader, writer: await openDescriptor(path, constants.O_WRONLY) };
    } catch (thrown) {
      await closeDescriptor(reader);
      throw thrown;
    }
  } finally {
    await directory.remove();
  }
}
