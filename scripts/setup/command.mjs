import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Prints a line about a step of the setup. */
export function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

/** Runs a command without input. Captures its output and returns it with the success status. */
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

/** Returns the last lines of a command's output, which contain its error. */
export function tail(output, lines = 15) {
  return output.split('\n').slice(-lines).join('\n');
}

/** Returns whether a program of this name is executable in PATH, /usr/sbin or /sbin. */
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
