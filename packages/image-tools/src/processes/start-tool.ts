import { spawnTool } from './spawn-tool.js';
import type { Tool } from './tool.js';
import type { ToolExit } from './tool-failure.js';
import type { ToolOptions } from './tool-options.js';

/** A running server. */
export interface RunningTool {
  readonly pid: number;
  /** Resolves once the process has exited. Never rejects. */
  readonly exited: Promise<ToolExit>;
  /** Asks the process to end, kills it after a grace of three seconds, and resolves once it has exited. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a program that serves until it is stopped, `options.signal` fires or this process ends.
 * Its standard output is discarded. A time limit applies to its whole life.
 *
 * @throws `unavailable` if it is not installed or cannot be started; `aborted`.
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
