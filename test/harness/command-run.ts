import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessWatch } from './process-watch.js';

/** Milliseconds for which a child may outlive the command. */
const CHILDREN_LIVE_MS = 5_000;
const STACK_TRACE = /^\s+at .*:\d+/m;

const running = new Set<CommandRun>();

/** Kills every command that still runs, with its children. */
export function killRunningCommands(): void {
  for (const { watch } of running) {
    watch.killAll();
  }
}

/** What runs, where, and for how long at most. */
export interface CommandSetting {
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Is in a variable of the environment that every child is given, such as TMPDIR. */
  readonly marker: string;
  /** Milliseconds after which it has hung, and is killed with its children. */
  readonly hangMs: number;
}

/** How a run of the command ended. */
export interface CommandEnd {
  /** The exit code; nothing where a signal ended it. */
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
  /** Bytes of the command's own process at most. */
  readonly peakMemory: number;
  /** Whether it was killed because it took too long. */
  readonly hung: boolean;
}

/** A run of the command in a session of its own. */
export class CommandRun {
  readonly process: ChildProcess;
  readonly watch: ProcessWatch;
  /** Resolves when the command has ended and its output is read, as far as a stray child does not hold it open. */
  readonly ended: Promise<CommandEnd>;
  readonly #said: () => string;
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
    this.#said = gather(child.stderr);
    this.process = child;
    this.watch = new ProcessWatch(child.pid ?? 0, marker);
    running.add(this);
    const timer = setTimeout(() => this.#endHung(), hangMs);
    // A child of its own that lives on, and holds the pipes, is an orphan and no hang.
    child.once('exit', () => clearTimeout(timer));
    this.ended = endOf(child)
      .then(([exit, signal]) => {
        const [milliseconds, { peakMemory }, hung] = [performance.now() - started, this.watch, this.#hung];
        return { exit, signal, stdout: stdout(), stderr: this.#said(), milliseconds, peakMemory, hung };
      })
      .finally(() => {
        clearTimeout(timer);
        this.watch.stop();
        running.delete(this);
      });
  }

  /** What it has written so far to standard error. */
  said(): string {
    return this.#said();
  }

  hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** Waits until the condition holds; throws where the command ends before. */
  async until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    while (!(await condition())) {
      if (this.hasEnded()) {
        throw new Error(`the command ended before ${what}`);
      }
      await delay(10);
    }
  }

  /** Ids and command lines of the children that outlived the command by 5 s. They are then killed. */
  orphans(): Promise<string[]> {
    return this.watch.survivorsAfter(CHILDREN_LIVE_MS);
  }

  #endHung(): void {
    this.#hung = true;
    this.watch.killAll();
    // The pipes of a child that is stuck would stay open.
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
      const late = setTimeout(() => resolve([exit, signal]), CHILDREN_LIVE_MS);
      child.on('close', () => {
        clearTimeout(late);
        resolve([exit, signal]);
      });
    });
  });
}
