import { execFile } from 'node:child_process';
import { close, constants, open } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { VirtSimilarityError } from '@virt-similarity/core';
import { findProgram } from './find-program.js';
import { createRunDirectory } from './run-directory.js';

const openDescriptor = promisify(open);
const closeDescriptor = promisify(close);
const run = promisify(execFile);

/** The descriptors of the two ends of a pipe. The caller closes them. */
export interface Pipe {
  /** Non-blocking. */
  readonly reader: number;
  readonly writer: number;
}

/**
 * Creates a pipe, to read the output of a child process. By default, Node.js uses a pair of sockets for that, which has
 * less than half the throughput.
 *
 * @throws `unavailable` if mkfifo is not installed, as `createRunDirectory`, and any error of the file system.
 */
export async function makePipe(): Promise<Pipe> {
  const mkfifo = await findProgram('mkfifo');
  if (mkfifo === undefined) {
    throw new VirtSimilarityError('unavailable', 'mkfifo is not installed; install coreutils');
  }
  const directory = await createRunDirectory();
  try {
    const path = join(directory.path, 'pipe');
    await run(mkfifo, ['-m', '600', path]);
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
