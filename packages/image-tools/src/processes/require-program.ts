import { runTool } from './run-tool.js';
import { unavailable } from './spawn-tool.js';
import type { Tool } from './tool.js';
import { ToolFailure } from './tool-failure.js';
import type { ToolOptions } from './tool-options.js';

/**
 * Requires that a program can be started and prints its version.
 *
 * @throws `unavailable` if the program fails, and otherwise as `runTool`.
 */
export async function requireProgram(tool: Tool, options: ToolOptions): Promise<void> {
  try {
    await runTool(tool, ['--version'], options);
  } catch (thrown) {
    throw thrown instanceof ToolFailure
      ? unavailable(options, `${thrown.message}; install ${tool.package} again`, thrown)
      : thrown;
  }
}
