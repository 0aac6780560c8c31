import { awaitExit, spawnTool } from './spawn-tool.js';
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
 * installed, takes too long or prints too much (`unavailable`), or was interrupted (`aborted`): the process is gone by
 * then.
 */
export async function runTool(tool: Tool, toolArguments: readonly string[], options: RunToolOptions): Promise<string> {
  const maxOutputBytes = options.maxOutputBytes ?? MAX_OUTPUT_BYTES_DEFAULT;
  const spawned = await spawnTool(tool, toolArguments, options, { stdout: 'pipe', maxOutputBytes });
  const { stdout, ...exit } = await awaitExit(tool, options, spawned);
  if (exit.exitCode !== 0) {
    throw new ToolFailure(tool, exit);
  }
  return stdout;
}
