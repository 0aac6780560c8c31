import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { COMMAND } from '../fixtures/command.js';
import type { Stage } from './stage.js';

/** After so many milliseconds a run that was not killed has hung. */
const HANG_MS = 300_000;
/** Milliseconds within which the children of a killed run must be gone. */
const ORPHAN_MS = 5_000;

/** How a run ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the command in a session of its own. */
export class CommandRun {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly #marker: string;
  readonly #stage: Pick<Stage, 'directory' | 'temporary'>;

  /**
   * @param command what starts it; by default the command as it was built
   * @param hangMs milliseconds after which it is killed
   */
  constructor(
    stage: Pick<Stage, 'directory' | 'temporary'>,
    words: readonly string[],
    command = COMMAND,
    hangMs = HANG_MS,
  ) {
    this.#stage = stage;
    // A directory of its own, which is empty at the end: TMPDIR is one of the few variables that every child is given.
    this.#marker = mkdtempSync(join(stage.temporary, 'run-'));
    const [file, ...first] = command;
    const child = spawn(file, [...first, ...words], {
      cwd: stage.directory,
      env: environment(stage, this.#marker),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.process = child;
    this.ended = outcome(child, hangMs).finally(() => rmIfEmpty(this.#marker));
  }

  /**
   * The processes of the run that are still there after the time that they have to end; they are then killed. A child
   * may have been given another environment or another session, so what names the stage's files counts as well.
   */
  async orphans(): Promise<number[]> {
    for (const end = Date.now() + ORPHAN_MS; ; await delay(25)) {
      const left = await this.#processes();
      if (left.length > 0 && Date.now() <= end) {
        continue;
      }
      left.forEach(killIfThere);
      return left;
    }
  }

  async #processes(): Promise<number[]> {
    const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
    const mine = await Promise.all(numbers.map((number) => this.#owns(number)));
    return numbers.filter((_, index) => mine[index]).map(Number);
  }

  async #owns(number: string): Promise<boolean> {
    const read = (file: string) => readFile(`/proc/${number}/${file}`, 'latin1').catch(() => '');
    const [state, environ, line] = await Promise.all([read('stat'), read('environ'), read('cmdline')]);
    // After the name in parentheses: state, parent, process group, session.
    const [condition, , , session] = state.slice(state.lastIndexOf(')') + 2).split(' ');
    if (condition === 'Z' || condition === undefined) {
      return false;
    }
    return (
      Number(session) === this.process.pid || environ.includes(this.#marker) || line.includes(this.#stage.directory)
    );
  }
}

/** What is left in it is for the stage to find. */
function rmIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // It is not empty, or the stage has removed it.
  }
}

function killIfThere(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch {
    // Gone meanwhile.
  }
}

function environment(
  { directory, temporary }: Pick<Stage, 'directory' | 'temporary'>,
  marker: string,
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    HOME: directory,
    XDG_CONFIG_HOME: directory,
    XDG_RUNTIME_DIR: temporary,
    TMPDIR: marker,
    NO_COLOR: '1',
  };
}

function outcome(child: ChildProcess, hangMs: number): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const watchdog = setTimeout(() => child.kill('SIGKILL'), hangMs);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    // An orphan may hold the pipes open for ever.
    child.on('exit', (code, signal) => {
      clearTimeout(watchdog);
      const finish = () => resolve({ code, signal, stdout, stderr });
      const patience = setTimeout(finish, ORPHAN_MS);
      child.on('close', () => {
        clearTimeout(patience);
        finish();
      });
    });
  });
}
