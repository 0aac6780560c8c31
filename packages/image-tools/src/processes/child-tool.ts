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

/**
 * The most memory arenas of glibc. More arenas may not fit into the limit of address space: glibc reserves 64 MiB for
 * each arena, and by default allows eight arenas per processor.
 */
const MALLOC_ARENA_MAX = '8';

/** Why a program was stopped. */
type StopReason = 'aborted' | 'late' | 'verbose' | 'unneeded';

/** Environment variables that every program inherits from this process. */
const INHERITED_VARIABLES = ['PATH', 'TMPDIR'];

/** What a program reads from a descriptor: a descriptor of this process, or a pipe that contains these bytes. */
export type DescriptorContent = number | Uint8Array;

/** Where a program's standard output goes. */
export interface OutputReceiver {
  /** The descriptor to write to, such as the writing end of a pipe. The caller closes it. */
  readonly descriptor: number;
  /** Called when the program is stopped: stops reading, so that a descendant that still writes fails. */
  close(): void;
}

/** How a program is run. */
export interface ChildToolOptions extends Pick<ToolOptions, 'environment' | 'signal' | 'timeoutMs'> {
  /**
   * Where standard output goes. A number is a limit of the text in UTF-16 code units (bytes, if the text is ASCII): a
   * program that prints more is stopped. 0 discards the output. A receiver gets the complete output.
   */
  readonly output: number | OutputReceiver;
  /** The program's descriptors from 3 on, by number. The program inherits no other open files. */
  readonly descriptors?: ReadonlyMap<number, DescriptorContent> | undefined;
}

/** How a program ended, and what it printed. */
export interface ToolEnd extends ToolExit {
  /**
   * Standard output, decoded as UTF-8. Empty if it was discarded or went to a receiver; can be incomplete if `stopped`
   * is set.
   */
  readonly stdout: string;
  /** Why this process stopped the program; `undefined` if it did not. */
  readonly stopped: StopReason | undefined;
}

/**
 * A child process, which must end when its standard input ends. To stop the child, this process writes a line with the
 * reason to that input, and then ends the input. If this process ends for any reason, the kernel ends the input.
 */
export class ChildTool {
  readonly pid: number;
  /** Resolves once the process has exited and no descendant holds a pipe that this object reads. Never rejects. */
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
    // Writing fails if the process has ended or closed its input.
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
        // Writing fails if the program has ended without reading the pipe.
        pipe.on('error', () => {});
        pipe.end(content);
      }
    }
    return new ChildTool(child, options);
  }

  /**
   * Asks the process to end, by ending its standard input, and stops reading its standard output. Kills its process
   * group if `ended` has not resolved three seconds later. Idempotent.
   */
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
      // The group has ended in the meantime.
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
 * Returns the entries of `stdio` from 3 on. Replaces descriptors that this process inherited, and would pass on, by
 * `nothing`, a descriptor of /dev/null.
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

/** Returns how a program ended. If a signal ended the program, its wrappers exit with 128 plus the signal's number. */
function endOf(exitCode: number | null, endedBy: NodeJS.Signals | null): Pick<ToolExit, 'exitCode' | 'signal'> {
  if (exitCode === null || exitCode <= SIGNAL_STATUS) {
    return { exitCode: exitCode ?? undefined, signal: endedBy ?? undefined };
  }
  const number = exitCode - SIGNAL_STATUS;
  const signal = Object.entries(constants.signals).find((entry) => entry[1] === number)?.[0];
  return { exitCode: signal === undefined ? exitCode : undefined, signal };
}
