import { close, constants, open } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, VirtSimilarityError } from '@virt-similarity/core';
import { createRunDirectory } from './run-directory.js';
import { runTool } from './run-tool.js';
import { unavailable } from './spawn-tool.js';
import type { Tool } from './tool.js';
import type { ToolOptions } from './tool-options.js';

const MKFIFO: Tool = { command: 'mkfifo', package: 'coreutils' };

const openDescriptor = promisify(open);
const closeDescriptor = promisify(close);

/** The descriptors of the two ends of a pipe. The caller closes them. */
export interface Pipe {
  /** Non-blocking. */
  readonly reader: number;
  readonly writer: number;
}

/**
 * Creates a pipe for the output of a child process. By default, Node.js would use a pair of sockets, which has less
 * than half the throughput.
 *
 * @throws `unavailable` if the system cannot make a pipe; as `createRunDirectory` and `RunDirectory.remove`; `aborted`.
 */
export async function makePipe({
  component,
  image,
  signal,
}: Pick<ToolOptions, 'component' | 'image' | 'signal'>): Promise<Pipe> {
  const directory = await createRunDirectory();
  try {
    const path = join(directory.path, 'pipe');
    await runTool(MKFIFO, ['-m', '600', path], { component, image, signal });
    const reader = await openDescriptor(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return { reader, writer: await openDescriptor(path, constants.O_WRONLY) };
    } catch (thrown) {
      await closeDescriptor(reader);
      throw thrown;
    }
  } catch (cause) {
    throw cause instanceof VirtSimilarityError
      ? cause
      : unavailable({ component, image }, `a pipe could not be made: ${messageOf(cause)}`, cause);
  } finally {
    await directory.remove();
  }
}
