import { spawnTool } from './spawn-tool.js';
import type { Tool } from './tool.js';
import type { ToolExit } from './tool-failure.js';
import type { ToolOptions } from './tool-options.js';

/** A server that was started. */
export interface RunningTool {
  readonly pid: number;
  /** Resolves when the process is gone, however it ended. Never rejects. */
  readonly exited: Promise<ToolExit>;
  /** Asks the process to end, kills it after a grace of three seconds, and resolves when it is gone. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a program that serves until it is stopped, until `options.signal` fires or until this process ends.
 * Its standard output is thrown away. A time limit bounds its whole life.
 *
 * @throws `unavailable` where it is not installed or cannot be started, `aborted`.
 */
export async function startTool(
  tool: Tool,
  toolArguments: readonly string[],
  options: ToolOptions,
): Promise<RunningTool> {
  const child = await spawnTool(tool, toolArguments, options, 0);
  return {
    pid: child.pid,
    exited: child.ended.then(({ exitCode, signal, stderr }) => ({ exitCode, signal, stderr })),
    stop: async () => {
      child.stop('unneeded');
      await child.ended;
    },
  };
}
