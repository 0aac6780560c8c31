import { closeSync } from 'node:fs';
import type { ChildTool } from './child-tool.js';
import { makePipe } from './pipe.js';
import { PipeReader } from './pipe-reader.js';
import { requireProgram, spawnTool } from './spawn-tool.js';
import type { Tool } from './tool.js';
import type { ToolExit } from './tool-failure.js';
import type { ToolOptions } from './tool-options.js';

/** A running program. */
export interface RunningTool {
  readonly pid: number;
  /** Resolves once the process has exited and no descendant holds its standard error. Never rejects. */
  readonly exited: Promise<ToolExit>;
  /**
   * Asks the process to end, and kills its process group three seconds later if necessary. Resolves when `exited` does.
   * Idempotent.
   */
  stop(): Promise<void>;
}

/**
 * Starts a program. It ends at the latest when it is stopped, `options.signal` fires, `options.timeoutMs` have passed
 * or this process ends. Its standard output is discarded.
 *
 * @throws as `spawnTool`.
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
   * Fills `target` with the next bytes of the output and returns their number. The number is less than the length of
   * `target` only if the output has ended, the program was stopped or reading failed. Calls must not overlap. While no
   * call is pending, the program blocks once the pipe is full.
   */
  read(target: Uint8Array): Promise<number>;
}

/**
 * Starts a program whose standard output the caller reads. Otherwise like `startTool`.
 *
 * @throws as `spawnTool` and `makePipe`.
 */
export async function startStream(
  tool: Tool,
  toolArguments: readonly string[],
  options: ToolOptions,
): Promise<StreamingTool> {
  await requireProgram(tool, options);
  const pipe = await makePipe(options);
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
