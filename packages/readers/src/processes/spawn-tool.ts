import { messageOf, throwIfAborted, VirtSimilarityError } from '@virt-similarity/core';
import type { ResultPromise } from 'execa';
import { findProgram } from './find-program.js';
import type { Tool } from './tool.js';
import type { ToolExit } from './tool-failure.js';
import { STOP_GRACE_MS, type ToolOptions } from './tool-options.js';

const STDERR_TAIL_CHARACTERS = 8192;

/** A child process, and the end of what it wrote to its standard error so far. */
export interface SpawnedTool {
  readonly subprocess: ResultPromise;
  readonly stderrTail: () => string;
}

/** What the two ways of running a program have execa do differently. */
export interface SpawnVariant {
  readonly stdout: 'pipe' | 'ignore';
  /** Bytes of standard output (a character beyond ASCII counts once) after which the program is ended. */
  readonly maxOutputBytes: number;
}

/**
 * Starts a program so that it dies with this process, writes no core dump, reads no terminal and speaks English.
 * Call from the main thread: the kernel ties a child's life to the thread that started it.
 */
export async function spawnTool(
  tool: Tool,
  toolArguments: readonly string[],
  options: ToolOptions,
  variant: SpawnVariant,
): Promise<SpawnedTool> {
  throwIfAborted(options.signal);
  const program = await findProgram(tool.command);
  if (program === undefined) {
    throw unavailable(options, missing(tool, options));
  }
  const [file, ...wrapped] = [...(await guards()), program, ...toolArguments] as [string, ...string[]];
  const { execa } = await import('execa');
  const subprocess = execa(file, wrapped, {
    stdio: ['ignore', variant.stdout, 'pipe'],
    buffer: { stdout: variant.stdout === 'pipe', stderr: false },
    maxBuffer: { stdout: variant.maxOutputBytes },
    stripFinalNewline: false,
    reject: false,
    forceKillAfterDelay: STOP_GRACE_MS,
    env: { LC_ALL: 'C', ...options.environment },
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
  }) as ResultPromise;
  return { subprocess, stderrTail: collectTail(subprocess) };
}

/** The error for a program that cannot be had, or did not end in time. */
export function unavailable(options: ToolOptions, reason: string, cause?: unknown): VirtSimilarityError {
  const what = options.image === undefined ? '' : `cannot open ${options.image}: `;
  return new VirtSimilarityError('unavailable', `[${options.component}] ${what}${reason}`, {
    ...(options.image === undefined ? {} : { image: options.image }),
    cause,
  });
}

/** How the program ended, or the error where it was ended from outside or never ran. */
export async function awaitExit(
  tool: Tool,
  options: ToolOptions,
  spawned: SpawnedTool,
): Promise<ToolExit & { readonly stdout: string }> {
  const result = await spawned.subprocess;
  // What interrupts this program, such as Ctrl-C, often ends its children as well.
  if (result.isCanceled || options.signal?.aborted) {
    throw new VirtSimilarityError('aborted', 'interrupted', { cause: options.signal?.reason });
  }
  if (result.timedOut) {
    const seconds = (options.timeoutMs ?? 0) / 1000;
    throw unavailable(options, `${tool.command} did not end within ${seconds} s; it was stopped`);
  }
  if (result.isMaxBuffer) {
    throw unavailable(options, `${tool.command} printed more than is sensible; it was stopped`);
  }
  if (result.exitCode === undefined && result.signal === undefined) {
    throw unavailable(options, `${tool.command} could not be started: ${messageOf(result.cause)}`, result.cause);
  }
  return {
    exitCode: result.exitCode,
    signal: result.signal,
    stderr: spawned.stderrTail(),
    stdout: typeof result.stdout === 'string' ? result.stdout : '',
  };
}

function missing(tool: Tool, options: ToolOptions): string {
  const alternative = options.alternative === undefined ? '' : ` or ${options.alternative}`;
  return `${tool.command} is not installed; install ${tool.package}${alternative}`;
}

/** The programs of util-linux that set the child's death signal and limits, then become the program itself. */
async function guards(): Promise<string[]> {
  const [prlimit, setpriv] = await Promise.all([findProgram('prlimit'), findProgram('setpriv')]);
  return [
    ...(prlimit === undefined ? [] : [prlimit, '--core=0:0', '--']),
    ...(setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--']),
  ];
}

function collectTail(subprocess: ResultPromise): () => string {
  let tail = '';
  subprocess.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-STDERR_TAIL_CHARACTERS);
  });
  return () => tail.trim();
}
