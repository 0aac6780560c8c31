import { VirtSimilarityError } from '@virt-similarity/core';
import { OutputLimitError } from './output-limit-error.js';
import { spawnTool, unavailable } from './spawn-tool.js';
import type { Tool } from './tool.js';
import { ToolFailure } from './tool-failure.js';
import type { ToolOptions } from './tool-options.js';

/** The default of {@link RunToolOptions.maxOutputBytes}. */
const MAX_OUTPUT_BYTES_DEFAULT = 64 * 1024 * 1024;

/** How a program is run to completion. */
export interface RunToolOptions extends ToolOptions {
  /**
   * The limit of the text on standard output, in UTF-16 code units (bytes, if the text is ASCII). A program that prints
   * more is stopped. 0 discards the output. The default is 64 Mi.
   */
  readonly maxOutputBytes?: number | undefined;
}

/**
 * Runs a program to completion and returns its standard output, decoded as UTF-8. The process has exited when this
 * settles.
 *
 * @throws `ToolFailure` if a signal ended the program or its exit status is not 0; `unavailable` if it took too long;
 *   `unavailable`, with an `OutputLimitError` as the cause, if it printed too much; `aborted` if the signal fired; as
 *   `spawnTool` if it could not be started.
 */
export async function runTool(tool: Tool, toolArguments: readonly string[], options: RunToolOptions): Promise<string> {
  const { maxOutputBytes = MAX_OUTPUT_BYTES_DEFAULT } = options;
  const child = await spawnTool(tool, toolArguments, options, maxOutputBytes);
  const { stdout, stopped, ...exit } = await child.ended;
  // A cause that interrupts this program, such as Ctrl-C, often ends its children as well.
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
    const remedy = `check that ${tool.command} in PATH is the one from ${tool.package}`;
    throw unavailable(options, `${found}; ${remedy}`, new OutputLimitError(found));
  }
  if (exit.exitCode !== 0) {
    throw new ToolFailure(tool, exit);
  }
  return stdout;
}
