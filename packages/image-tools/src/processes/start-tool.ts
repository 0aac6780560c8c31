import { PassThrough, pipeline, type Readable } from 'node:stream';
import type { ChildTool } from './child-tool.js';
import { spawnTool } from './spawn-tool.js';
import type { Tool } from './tool.js';
import type { ToolExit } from './tool-failure.js';
import type { ToolOptions } from './tool-options.js';

/** A running program. */
export interface RunningTool {
  readonly pid: number;
  /** Resolves once the process has exited. Never rejects. */
  readonly exited: Promise<ToolExit>;
  /** Asks the process to end, kills it after a grace of three seconds, and resolves once it has exited. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a program that serves until it is stopped, `options.signal` fires or this process ends. Its standard output is
 * discarded. A time limit applies until it ends.
 *
 * @throws `unavailable` if it is not installed or cannot be started; `aborted`.
 */
export async function startTool(
  tool: Tool,
  toolArguments: readonly string[],
  options: ToolOptions,
): Promise<RunningTool> {
  return runningTool(await spawnTool(tool, toolArguments, options, 0));
}

/**
 * Bytes of a program's output that are read ahead. With only the 64 KiB that a pipe buffers, both sides would
 * constantly wait for each other.
 */
const BUFFERED_BYTES = 4 * 2 ** 20;

/** A running program that writes bytes to its standard output. */
export interface StreamingTool extends RunningTool {
  /** The program's standard output. The program waits while nothing reads it. */
  readonly output: Readable;
}

/**
 * Starts a program whose standard output the caller reads. The program ends by itself, by `stop`, when `options.signal`
 * fires or with this process.
 *
 * @throws as `startTool`.
 */
export async function startStream(
  tool: Tool,
  toolArguments: readonly string[],
  options: ToolOptions,
): Promise<StreamingTool> {
  const child = await spawnTool(tool, toolArguments, options, 'stream');
  const output = new PassThrough({ highWaterMark: BUFFERED_BYTES });
  // If the program is stopped, reading fails.
  pipeline(child.output!, output, () => {});
  return { ...runningTool(child), output };
}

function runningTool(child: ChildTool): RunningTool {
  return {
    pid: child.pid,
    exited: child.ended.then(({ exitCode, signal, stderr }) => ({ exitCode, signal, stderr })),
    stop: async () => {
      child.stop('unneeded');
      await child.ended;
    },
  };
}
