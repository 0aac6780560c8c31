import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ToolExit } from './tool-failure.js';
import { STOP_GRACE_MS, type ToolOptions } from './tool-options.js';

const STDERR_TAIL_CHARACTERS = 8192;

/** Why a program was asked to end before it did so by itself. */
type StopReason = 'aborted' | 'late' | 'verbose' | 'unneeded';

/** How a program is run. */
export interface ChildToolOptions extends Pick<ToolOptions, 'environment' | 'signal' | 'timeoutMs'> {
  /** Bytes of standard output (a character beyond ASCII counts once) after which it is ended; 0 to throw it away. */
  readonly output: number;
}

/** How a program ended, and what it had written to its standard output, as UTF-8 text. */
export interface ToolEnd extends ToolExit {
  readonly stdout: string;
  /** Absent where the program ended by itself. */
  readonly stopped: StopReason | undefined;
}

/** The children of this process that run. Where the kernel does not end them with it, as setpriv asks, this does. */
const running = new Set<ChildProcess>();

function endAll(): void {
  for (const child of running) {
    child.kill();
  }
}

/** A child process. */
export class ChildTool {
  readonly pid: number;
  /** Resolves when the process is gone, however it ended. Never rejects. */
  readonly ended: Promise<ToolEnd>;
  readonly #child: ChildProcess;
  #stopped: StopReason | undefined;
  #stdout = '';
  #stderr = '';

  private constructor(child: ChildProcess, { output, signal, timeoutMs }: ChildToolOptions) {
    this.pid = child.pid!;
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      if (this.#stdout.length > output) {
        this.stop('verbose');
      }
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL_CHARACTERS);
    });
    const onAbort = () => this.stop('aborted');
    signal?.addEventListener('abort', onAbort);
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.stop('late'), timeoutMs);
    running.add(child);
    if (running.size === 1) {
      process.on('exit', endAll);
    }
    this.ended = new Promise((resolve) => {
      child.once('close', (exitCode, endedBy) => {
        signal?.removeEventListener('abort', onAbort);
        clearTimeout(timer);
        running.delete(child);
        if (running.size === 0) {
          process.off('exit', endAll);
        }
        resolve({
          exitCode: exitCode ?? undefined,
          signal: endedBy ?? undefined,
          stderr: this.#stderr.trim(),
          stdout: this.#stdout,
          stopped: this.#stopped,
        });
      });
    });
  }

  /** Starts a program. Rejects where the system does not. */
  static async start(file: string, programArguments: readonly string[], options: ChildToolOptions): Promise<ChildTool> {
    const child = spawn(file, programArguments, {
      stdio: ['ignore', options.output > 0 ? 'pipe' : 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C', ...options.environment },
    });
    if (child.pid === undefined) {
      throw (await once(child, 'error'))[0];
    }
    // What may come later is that a signal could not be sent, to a process that then has ended.
    child.on('error', () => {});
    return new ChildTool(child, options);
  }

  /** Asks the process to end, and kills it where it has not after a grace of three seconds. */
  stop(reason: StopReason): void {
    if (this.#stopped !== undefined) {
      return;
    }
    this.#stopped = reason;
    // Nobody reads on; a process of its own that writes there too ends by that.
    this.#child.stdout?.destroy();
    this.#child.kill('SIGTERM');
    const killing = setTimeout(() => this.#child.kill('SIGKILL'), STOP_GRACE_MS);
    void this.ended.then(() => clearTimeout(killing));
  }
}
