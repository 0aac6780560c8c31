import { closeSync } from 'node:fs';
import type { ChildTool } from './child-tool.js';
import { makePipe } from './pipe.js';
import { PipeReader } from './pipe-reader.js';
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

/** A running program that writes bytes to its standard output. */
export interface StreamingTool extends RunningTool {
  /**
   * Fills `target` with the next bytes of the output and returns their number: fewer only at its end, or once the program
   * is stopped. Calls must not overlap. A program whose bytes are not read waits.
   */
  read(target: Uint8Array): Promise<number>;
}

/**
 * Starts a program whose standard output the caller reads. The program ends by itself, by `stop`, when `options.signal`
 * fires or with this process.
 *
 * @throws as `startTool`, and as `makePipe`.
 */
export async function startStream(
  tool: Tool,
  toolArguments: readonly string[],
  options: ToolOptions,
): Promise<StreamingTool> {
  const pipe = await makePipe();
  const output = new PipeReader(pipe.reader);
  try {
    const receiver = { descriptor: pipe.writer, close: () => output.close() };
    const child = await spawnTool(tool, toolArguments, options, receiver);
    return { ...runningTool(child), read: (target) => output.read(target) };
  } catch (thrown) {
    output.close();
    throw thrown;
  } finally {
    closeSync(pipe.writer);
  }
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
