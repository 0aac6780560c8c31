import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Prints one line of what set-up does, and why. */
export function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

/** Runs a command without input. Its output is kept for the caller and shown only when the caller says so. */
export function run(command, args, environment = {}) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim();
  return { ok: result.status === 0, output: result.error ? `${command}: ${result.error.message}` : output };
}

/** The last lines of a command's output: where its error stands. */
export function tail(output, lines = 15) {
  return output.split('\n').slice(-lines).join('\n');
}

/** Whether a program of this name can be started; looks in the administrator's directories too. */
export function isCommand(name) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return directories.some((directory) => isExecutable(join(directory, name)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
