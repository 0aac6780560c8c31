import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMAND } from '../fixtures/command.js';

/** The end of a run of the command. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running command. */
export interface CommandRun {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** A separate working directory, and a separate environment, in which the command runs as for a user. */
export class Workplace {
  readonly directory: string;
  /** The directory of temporary files and sockets. */
  readonly temporary: string;

  private constructor(directory: string, temporary: string) {
    this.directory = directory;
    this.temporary = temporary;
  }

  static async make(): Promise<Workplace> {
    // The second path is short, because the kernel limits the length of a socket's path. Below a long path, the command
    // would create its sockets elsewhere.
    return new Workplace(await mkdtemp(join(tmpdir(), 'virt-similarity-e2e-')), await mkdtemp('/tmp/vse-'));
  }

  /** Returns the absolute path of a file in the directory. */
  path(name: string): string {
    return join(this.directory, name);
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    await writeFile(this.path(name), content);
  }

  /** The environment of the command: without the user's configuration, and with a directory for temporary files. */
  get environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      XDG_CONFIG_HOME: this.path('configuration'),
      XDG_RUNTIME_DIR: this.temporary,
      TMPDIR: this.temporary,
      NO_COLOR: '1',
      TERM: 'xterm',
    };
  }

  /** Starts the command. The caller awaits `ended`. */
  start(words: readonly string[]): CommandRun {
    const [node, ...main] = COMMAND;
    return this.startBy(node, [...main, ...words]);
  }

  /** Like `start`, but starts another program, which starts the command. */
  startBy(program: string, words: readonly string[]): CommandRun {
    const child = spawn(program, words, {
      cwd: this.directory,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, stdout, stderr }));
    });
    return { process: child, ended };
  }

  /** Runs the command and waits until it ends. */
  run(...words: readonly string[]): Promise<Ended> {
    return this.start(words).ended;
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true });
    await rm(this.temporary, { recursive: true });
  }
}
