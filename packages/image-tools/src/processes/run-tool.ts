import { VirtSimilarityError } from '@virt-similarity/core';
import { spawnTool, unavailable } from './spawn-tool.js';
import { TooMuchOutput } from './too-much-output.js';
import type { Tool } from './tool.js';
import { ToolFailure } from './tool-failure.js';
import type { ToolOptions } from './tool-options.js';

/** Bytes of standard output that are taken at most where the caller says nothing else. */
const MAX_OUTPUT_BYTES_DEFAULT = 64 * 1024 * 1024;

/** How a program is run to its end. */
export interface RunToolOptions extends ToolOptions {
  /** Bytes of standard output (a character beyond ASCII counts once) after which the program is ended; 64 MiB by default. */
  readonly maxOutputBytes?: number;
}

/**
 * Runs a program to its end and gives what it wrote to its standard output, as UTF-8 text.
 *
 * Rejects with `ToolFailure` where the program itself failed, and with a `VirtSimilarityError` where it is not
 * installed, takes too long or prints too much (`unavailable`, the latter with the cause `TooMuchOutput`), or was
 * interrupted (`aborted`): the process is gone by then.
 */
export async function runTool(tool: Tool, toolArguments: readonly string[], options: RunToolOptions): Promise<string> {
  const { maxOutputBytes = MAX_OUTPUT_BYTES_DEFAULT } = options;
  const child = await spawnTool(tool, toolArguments, options, maxOutputBytes);
  const { stdout, stopped, ...exit } = await child.ended;
  // What interrupts this program, such as Ctrl-C, often ends its children as well.
  if (stopped === 'aborted' || options.signal?.aborted) {
    throw new VirtSimilarityError('aborted', 'interrupted', { cause: options.signal?.reason });
  }
  if (stopped === 'late') {
    const seconds = (options.timeoutMs ?? 0) / 1000;
    throw unavailable(
      options,
      `${tool.command} did not end within ${seconds} s; try again when the machine is less busy`,
    );
  }
  if (stopped === 'verbose') {
    const found = `${tool.command} printed more than ${maxOutputBytes} bytes`;
    const remedy = `check that the one in PATH is that of ${tool.package}`;
    throw unavailable(options, `${found}; ${remedy}`, new TooMuchOutput(found));
  }
  if (exit.exitCode !== 0) {
    throw new ToolFailure(tool, exit);
  }
  return stdout;
}
