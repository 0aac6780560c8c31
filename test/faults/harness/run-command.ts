import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandLine } from './fault-case.js';
import { ProcessWatch } from './process-watch.js';

/** Milliseconds for which a child may outlive the command. */
const CHILDREN_LIVE_MS = 5_000;

/** Where, as what, and for how long at most a command runs. */
export interface CommandSetting {
  /** What stands before the words of every command line: Node.js and its script. */
  readonly command: readonly string[];
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Stands in the environment, and so in that of every child. */
  readonly marker: string;
  readonly seconds: number;
}

/** A command that runs. */
export interface RunningCommand {
  readonly watch: ProcessWatch;
  /** What it has said so far on standard error. */
  said(): string;
  hasEnded(): boolean;
  /** Waits until the condition holds; throws where the command ends before. */
  until(condition: () => boolean | Promise<boolean>, what: string): Promise<void>;
}

/** How a run of the command ended. */
export interface CommandEnd {
  /** The exit code; nothing where a signal ended it. */
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
  /** Bytes of the command's own process at most. */
  readonly peakMemory: number;
  /** Whether it had to be killed because it took too long. */
  readonly hung: boolean;
  /** Command lines of children that were there 2 s later. */
  readonly orphans: readonly string[];
}

/** Runs the command to its end, or kills it with all its children when its time is over. */
export async function runCommand(line: CommandLine, setting: CommandSetting): Promise<CommandEnd> {
  const [program, ...words] = [...(line.wrapper ?? []), ...setting.command, ...line.words] as [string, ...string[]];
  const started = performance.now();
  const child = spawn(program, words, {
    cwd: setting.directory,
    env: { ...setting.environment, ...line.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: gather(child.stdout), stderr: gather(child.stderr) };
  const ended = exitOf(child);
  const watch = new ProcessWatch(child.pid ?? 0, setting.marker);
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    watch.killAll();
    // Of a child that is stuck, the pipes would stay open.
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, setting.seconds * 1000);
  // A child of its own that lives on, and holds the pipes, is an orphan and no hang.
  child.once('exit', () => clearTimeout(timer));
  const during = line.during?.(runningCommand(child, watch, output.stderr));
  // It is awaited below; until then, its failure is nobody's.
  during?.catch(() => {});
  try {
    const exit = await ended;
    const milliseconds = performance.now() - started;
    clearTimeout(timer);
    const orphans = await watch.survivorsAfter(CHILDREN_LIVE_MS);
    await during;
    const [stdout, stderr] = [output.stdout(), output.stderr()];
    return { exit, stdout, stderr, milliseconds, peakMemory: watch.peakMemory, hung, orphans };
  } finally {
    clearTimeout(timer);
  }
}

function runningCommand(child: ChildProcess, watch: ProcessWatch, said: () => string): RunningCommand {
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    watch,
    said,
    hasEnded,
    until: async (condition, what) => {
      while (!(await condition())) {
        if (hasEnded()) {
          throw new Error(`the command ended before ${what}`);
        }
        await delay(10);
      }
    },
  };
}

function gather(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream?.on('error', () => {});
  return () => Buffer.concat(chunks).toString('utf8');
}

/** Resolves when the process has ended and its output is read, as far as a stray child does not hold it open. */
function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      const late = setTimeout(() => resolve(code), CHILDREN_LIVE_MS);
      child.on('close', () => {
        clearTimeout(late);
        resolve(code);
      });
    });
  });
}
