import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@virt-similarity/core';
import { spawnTool, unavailable } from './spawn-tool.js';
import type { Tool } from './tool.js';
import type { ToolExit } from './tool-failure.js';
import { STOP_GRACE_MS, type ToolOptions } from './tool-options.js';

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
 * @throws VirtSimilarityError `unavailable` where it is not installed or cannot be started, `aborted`.
 */
export async function startTool(
  tool: Tool,
  toolArguments: readonly string[],
  options: ToolOptions,
): Promise<RunningTool> {
  const { subprocess, stderrTail } = await spawnTool(tool, toolArguments, options, {
    stdout: 'ignore',
    maxOutputBytes: 1,
  });
  const exited = subprocess.then(({ exitCode, signal }): ToolExit => ({ exitCode, signal, stderr: stderrTail() }));
  const { pid } = subprocess;
  if (pid === undefined) {
    const { cause } = await subprocess;
    throw unavailable(options, `${tool.command} could not be started: ${messageOf(cause)}`, cause);
  }
  return { pid, exited, stop: () => stopProcess(subprocess, exited) };
}

async function stopProcess(subprocess: { kill(signal: NodeJS.Signals): boolean }, exited: Promise<unknown>) {
  subprocess.kill('SIGTERM');
  const grace = new AbortController();
  const outcome = await Promise.race([
    exited.then(() => 'gone'),
    delay(STOP_GRACE_MS, 'alive', { signal: grace.signal }).catch(() => 'gone'),
  ]);
  grace.abort();
  if (outcome === 'alive') {
    subprocess.kill('SIGKILL');
    await exited;
  }
}
