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

/** Shells report a signal that ended a program as this exit status plus the signal's number. */
const SIGNAL_STATUS = 128;

/** glibc reserves 64 MiB of address space per arena, and by default allows eight arenas per processor. */
const MALLOC_ARENA_MAX = '8';

/** Why a program was stopped. */
type StopReason = 'aborted' | 'late' | 'verbose' | 'unneeded';

/** Environment variables that every program inherits from this process. */
const INHERITED_VARIABLES = ['PATH', 'TMPDIR'];

/** The content of a program's descriptor: a descriptor of this process, or bytes to be read to their end. */
export type DescriptorContent = number | Uint8Array;

/** Where a program's standard output goes. */
export interface OutputReceiver {
  /** Such as the writing end of a pipe. It stays the caller's. */
  readonly descriptor: number;
  /** Ends the reading, as the program is to stop. A descendant that still writes then ends with an error. */
  close(): void;
}

/** How a program is run. */
export interface ChildToolOptions extends Pick<ToolOptions, 'environment' | 'signal' | 'timeoutMs'> {
  /**
   * The limit of standard output, in UTF-16 code units of its text (bytes, if it is ASCII): a program that prints more
   * is ended. 0 discards the output, and a receiver gets it without a limit.
   */
  readonly output: number | OutputReceiver;
  /** The program's open descriptors besides the standard ones, by number, from 3 on. It inherits no others. */
  readonly descriptors?: ReadonlyMap<number, DescriptorContent> | undefined;
}

/** How a program ended, and its standard output as UTF-8 text. */
export interface ToolEnd extends ToolExit {
  readonly stdout: string;
  /** Absent if the program ended by itself. */
  readonly stopped: StopReason | undefined;
}

/**
 * A child process. Its standard input is its lifeline: the child must end when the input ends, because it was stopped
 * or because this process has ended. The only content of the input is a line with the reason, written when it is
 * stopped.
 */
export class ChildTool {
  readonly pid: number;
  /** Resolves once the process and every holder of its standard error have exited. Never rejects. */
  readonly ended: Promise<ToolEnd>;
  readonly #child: ChildProcess;
  readonly #receiver: OutputReceiver | undefined;
  #stopped: StopReason | undefined;
  #stdout = '';
  #stderr = '';

  private constructor(child: ChildProcess, { output, signal, timeoutMs }: ChildToolOptions) {
    this.pid = child.pid!;
    this.#child = child;
    this.#receiver = typeof output === 'object' ? output : undefined;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      if (this.#stdout.length > (output as number)) {
        this.stop('verbose');
      }
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL_CHARACTERS);
    });
    // The process may have ended, or ignore its input.
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

  /** Starts a program. Rejects if the system cannot start it. */
  static async start(file: string, programArguments: readonly string[], options: ChildToolOptions): Promise<ChildTool> {
    const { output, descriptors = new Map<number, DescriptorContent>(), environment } = options;
    const nothing = openSync('/dev/null', 'r');
    let child: ChildProcess;
    try {
      child = spawn(file, programArguments, {
        stdio: ['pipe', outputEntry(output), 'pipe', ...extraDescriptors(descriptors, nothing)],
        // A separate process group does not receive Ctrl-C, and can be killed with all its processes.
        detached: true,
        env: { ...inheritedVariables(), LC_ALL: 'C', MALLOC_ARENA_MAX, ...environment },
      });
    } finally {
      closeSync(nothing);
    }
    if (child.pid === undefined) {
      throw (await once(child, 'error'))[0];
    }
    // A later error can only be that a signal could not be sent, because the process has ended.
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

  /** Stops the process through its lifeline. Kills its group if it has not ended three seconds later. Idempotent. */
  stop(reason: StopReason): void {
    if (this.#stopped !== undefined) {
      return;
    }
    this.#stopped = reason;
    // Nothing is read from here on. A descendant that still writes to the closed pipe ends with an error.
    this.#child.stdout?.destroy();
    this.#receiver?.close();
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

function outputEntry(output: ChildToolOptions['output']): IOType | number {
  if (typeof output === 'object') {
    return output.descriptor;
  }
  return output === 0 ? 'ignore' : 'pipe';
}

/**
 * Returns the entries of `stdio` from 3 on. Descriptors that this process inherited, and would pass on, are replaced by
 * `nothing`, a descriptor of an empty file.
 */
function extraDescriptors(
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

function inheritedVariables(): Record<string, string> {
  return Object.fromEntries(
    INHERITED_VARIABLES.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** Returns how a program ended. The wrappers around it report its signal as shells do: 128 plus the signal's number. */
function endOf(exitCode: number | null, endedBy: NodeJS.Signals | null): Pick<ToolExit, 'exitCode' | 'signal'> {
  if (exitCode === null || exitCode <= SIGNAL_STATUS) {
    return { exitCode: exitCode ?? undefined, signal: endedBy ?? undefined };
  }
  const number = exitCode - SIGNAL_STATUS;
  const signal = Object.entries(constants.signals).find((entry) => entry[1] === number)?.[0];
  return { exitCode: signal === undefined ? exitCode : undefined, signal };
}
