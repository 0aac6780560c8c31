import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMAND } from '../fixtures/command.js';

/** How a run of the command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the command that has begun. */
export interface CommandRun {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** A directory of its own in which the command is run as a user runs it. */
export class Workplace {
  readonly directory: string;
  /** The directory of temporary files and sockets. */
  readonly temporary: string;

  private constructor(directory: string, temporary: string) {
    this.directory = directory;
    this.temporary = temporary;
  }

  static async make(): Promise<Workplace> {
    // The second is short, so that sockets' paths below it stay within what the kernel takes: else they go elsewhere.
    return new Workplace(await mkdtemp(join(tmpdir(), 'virt-similarity-e2e-')), await mkdtemp('/tmp/vse-'));
  }

  /** Absolute path of a file in it. */
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
    };
  }

  /** Starts the command; the caller awaits `ended`. */
  start(words: readonly string[]): CommandRun {
    const [node, ...main] = COMMAND;
    return this.startBy(node, [...main, ...words]);
  }

  /** As `start`, by another program, which is to start the command. */
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

  /** Runs the command to its end. */
  run(...words: readonly string[]): Promise<Ended> {
    return this.start(words).ended;
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true });
    await rm(this.temporary, { recursive: true });
  }
}
