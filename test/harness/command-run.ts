import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessWatch } from './process-watch.js';

/** Milliseconds after the end of the command until its children must have ended, too. */
const CHILD_GRACE_MS = 5_000;
const STACK_TRACE = /^\s+at .*:\d+/m;

const running = new Set<CommandRun>();

/** Kills every running command and its children. */
export function killRunningCommands(): void {
  for (const { watch } of running) {
    watch.killAll();
  }
}

/** The settings of a run. */
export interface CommandSetting {
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** A text in an environment variable that every child inherits, such as the path in `TMPDIR`. */
  readonly marker: string;
  /** Milliseconds after which the command counts as hung and is killed with its children. */
  readonly hangMs: number;
}

/** How a run of the command ended. */
export interface CommandEnd {
  /** The exit code; `null` if a signal ended the command. */
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
  /** The peak memory of the command, without its children, in bytes. */
  readonly peakMemory: number;
  /** Whether the command was killed because it took too long. */
  readonly hung: boolean;
}

/** A run of the command in its own session. */
export class CommandRun {
  readonly process: ChildProcess;
  readonly watch: ProcessWatch;
  /**
   * Resolves when the command has ended and its pipes are closed, or 5 s after its end if a child keeps them open.
   * Rejects if the command cannot be started.
   */
  readonly ended: Promise<CommandEnd>;
  readonly #stderr: () => string;
  #hung = false;

  constructor({ command, directory, environment, marker, hangMs }: CommandSetting) {
    const started = performance.now();
    const [program, ...words] = command as [string, ...string[]];
    const child = spawn(program, words, {
      cwd: directory,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const stdout = gather(child.stdout);
    this.#stderr = gather(child.stderr);
    this.process = child;
    this.watch = new ProcessWatch(child.pid ?? 0, marker);
    running.add(this);
    const timer = setTimeout(() => this.#endHung(), hangMs);
    // If a child survives the command and keeps the pipes open, it is an orphan, not a hang.
    child.once('exit', () => clearTimeout(timer));
    this.ended = endOf(child)
      .then(([exit, signal]) => {
        const [milliseconds, { peakMemory }, hung] = [performance.now() - started, this.watch, this.#hung];
        return { exit, signal, stdout: stdout(), stderr: this.#stderr(), milliseconds, peakMemory, hung };
      })
      .finally(() => {
        clearTimeout(timer);
        this.watch.stop();
        running.delete(this);
      });
  }

  /** Returns the text that the command has written to stderr so far. */
  stderrSoFar(): string {
    return this.#stderr();
  }

  hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /**
   * Waits until the condition is true.
   *
   * @param what completes the message `the command ended before …`
   * @throws Error if the command ends first
   */
  async until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    while (!(await condition())) {
      if (this.hasEnded()) {
        throw new Error(`the command ended before ${what}`);
      }
      await delay(10);
    }
  }

  /** Returns the ids and command lines of the children that outlived the command by 5 s, and kills them. */
  orphans(): Promise<string[]> {
    return this.watch.survivorsAfter(CHILD_GRACE_MS);
  }

  #endHung(): void {
    this.#hung = true;
    this.watch.killAll();
    // A child that cannot be killed would keep the pipes open.
    this.process.stdout?.destroy();
    this.process.stderr?.destroy();
  }
}

export function hasStackTrace(stderr: string): boolean {
  return STACK_TRACE.test(stderr);
}

function gather(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream?.on('error', () => {});
  return () => Buffer.concat(chunks).toString('utf8');
}

function endOf(child: ChildProcess): Promise<[exit: number | null, signal: NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (exit, signal) => {
      const timer = setTimeout(() => resolve([exit, signal]), CHILD_GRACE_MS);
      child.on('close', () => {
        clearTimeout(timer);
        resolve([exit, signal]);
      });
    });
  });
}
