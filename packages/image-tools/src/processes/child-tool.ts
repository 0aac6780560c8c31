import { type ChildProcess, type IOType, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { inheritedDescriptors } from './inherited-descriptors.js';
import type { ToolExit } from './tool-failure.js';
import type { ToolOptions } from './tool-options.js';

const STDERR_TAIL_CHARACTERS = 8192;

/** Milliseconds between asking a program to end and killing it. */
const STOP_GRACE_MS = 3000;

/** What a shell adds to the number of the signal that ended a program. */
const SIGNAL_STATUS = 128;

/** glibc reserves 64 MiB of address space for each arena, and of these eight for each processor. */
const MALLOC_ARENA_MAX = '8';

/** Why a program was asked to end before it did so by itself. */
type StopReason = 'aborted' | 'late' | 'verbose' | 'unneeded';

/** Variables that every program gets, if this process has them. */
const PASSED_ON = ['PATH', 'TMPDIR'];

/** What a program has under a descriptor: a descriptor of this process, or bytes to be read to their end. */
export type DescriptorContent = number | Uint8Array;

/** How a program is run. */
export interface ChildToolOptions extends Pick<ToolOptions, 'environment' | 'signal' | 'timeoutMs'> {
  /** Bytes of standard output (a character beyond ASCII counts once) after which it is ended; 0 to throw it away. */
  readonly output: number;
  /** What the program has open beside its standard descriptors, by number, from 3 on. It has nothing else open. */
  readonly descriptors?: ReadonlyMap<number, DescriptorContent> | undefined;
}

/** How a program ended, and what it had written to its standard output, as UTF-8 text. */
export interface ToolEnd extends ToolExit {
  readonly stdout: string;
  /** Absent where the program ended by itself. */
  readonly stopped: StopReason | undefined;
}

/**
 * A child process. Its standard input is its lifeline: nothing comes on it but, where it is stopped, a line that says
 * so, and its end means that it is to end, or that this process has.
 */
export class ChildTool {
  readonly pid: number;
  /** Resolves when the process is gone, however it ended, with all to whom it gave its standard error. Never rejects. */
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
    // It may have ended, or not care.
    child.stdin?.on('error', () => {});
    const onAbort = () => this.stop('aborted');
    signal?.addEventListener('abort', onAbort);
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.stop('late'), timeoutMs);
    this.ended = new Promise((resolve) => {
      child.once('close', (exitCode, endedBy) => {
        signal?.removeEventListener('abort', onAbort);
        clearTimeout(timer);
        resolve({
          ...endOf(exitCode, endedBy),
          stderr: this.#stderr.trim(),
          stdout: this.#stdout,
          stopped: this.#stopped,
        });
      });
    });
  }

  /** Starts a program. Rejects where the system does not. */
  static async start(file: string, programArguments: readonly string[], options: ChildToolOptions): Promise<ChildTool> {
    const { output, descriptors = new Map<number, DescriptorContent>(), environment } = options;
    const nothing = openSync('/dev/null', 'r');
    let child: ChildProcess;
    try {
      child = spawn(file, programArguments, {
        stdio: ['pipe', output > 0 ? 'pipe' : 'ignore', 'pipe', ...furtherDescriptors(descriptors, nothing)],
        // A group of its own, to which Ctrl-C does not go, and which can be killed as a whole.
        detached: true,
        env: { ...passedOn(), LC_ALL: 'C', MALLOC_ARENA_MAX, ...environment },
      });
    } finally {
      closeSync(nothing);
    }
    if (child.pid === undefined) {
      throw (await once(child, 'error'))[0];
    }
    // What may come later is that a signal could not be sent, to a process that then has ended.
    child.on('error', () => {});
    for (const [descriptor, content] of descriptors) {
      if (typeof content !== 'number') {
        const pipe = child.stdio[descriptor] as Writable;
        // The program may have ended without reading it.
        pipe.on('error', () => {});
        pipe.end(content);
      }
    }
    return new ChildTool(child, options);
  }

  /** Ends the process by its lifeline, and kills it where it has not ended after a grace of three seconds. */
  stop(reason: StopReason): void {
    if (this.#stopped !== undefined) {
      return;
    }
    this.#stopped = reason;
    // Nobody reads on; a process of its own that writes there too ends by that.
    this.#child.stdout?.destroy();
    this.#child.stdin?.end(`${reason}\n`);
    const killing = setTimeout(() => this.#killGroup(), STOP_GRACE_MS);
    void this.ended.then(() => clearTimeout(killing));
  }

  #killGroup(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // It has ended in the meantime.
    }
  }
}

/**
 * The entries of `stdio` from 3 on. What this process has inherited itself, and would pass on, is covered by `nothing`,
 * a descriptor of an empty file.
 */
function furtherDescriptors(
  wanted: ReadonlyMap<number, DescriptorContent>,
  nothing: number,
): (IOType | number | undefined)[] {
  const inherited = new Set(inheritedDescriptors());
  const last = Math.max(2, ...inherited, ...wanted.keys());
  return Array.from({ length: last - 2 }, (_, index) => {
    const content = wanted.get(index + 3);
    if (content !== undefined) {
      return typeof content === 'number' ? content : 'pipe';
    }
    return inherited.has(index + 3) ? nothing : 'ignore';
  });
}

function passedOn(): Record<string, string> {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** What wraps a program passes on the signal that ended it as shells do. */
function endOf(exitCode: number | null, endedBy: NodeJS.Signals | null): Pick<ToolExit, 'exitCode' | 'signal'> {
  if (exitCode === null || exitCode <= SIGNAL_STATUS) {
    return { exitCode: exitCode ?? undefined, signal: endedBy ?? undefined };
  }
  const number = exitCode - SIGNAL_STATUS;
  const signal = Object.entries(constants.signals).find((entry) => entry[1] === number)?.[0];
  return { exitCode: signal === undefined ? exitCode : undefined, signal };
}
