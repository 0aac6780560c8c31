import { type ChildProcess, spawn } from 'node:child_process';
import { COMMAND } from '../fixtures/command.js';
import type { Workplace } from './command.js';

/** The character that a terminal sends for Ctrl-C. */
export const CTRL_C = '\u0003';

/** A run of the command on a separate terminal, which `script` from bsdutils provides. */
export interface TerminalRun {
  /** Text written to its stdin is typed on the terminal. */
  readonly process: ChildProcess;
  /** Returns the output on the terminal so far, stdout and stderr. */
  shown(): string;
  /** Waits until the output contains this text. */
  shows(text: string): Promise<void>;
  /** Resolves to the exit code. */
  readonly ended: Promise<number | null>;
}

/** Starts the command on a new terminal. The promise `ended` rejects if `script` is not installed. */
export function startOnTerminal(workplace: Workplace, words: readonly string[]): TerminalRun {
  const line = [...COMMAND, ...words].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
    cwd: workplace.directory,
    env: workplace.environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    shown += text;
  });
  return {
    process: child,
    shown: () => shown,
    shows: (text) =>
      new Promise((resolve) => {
        const check = () => shown.includes(text) && resolve();
        child.stdout.on('data', check);
        check();
      }),
    ended: new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    }),
  };
}
