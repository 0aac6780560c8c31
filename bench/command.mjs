import { spawn } from 'node:child_process';

/**
 * Runs a command to its end, discards its output, and returns the wall time in seconds.
 * Throws if the command cannot be started or its exit code is not in `expected`.
 */
export async function timeCommand(command, args, expected = [0]) {
  const start = performance.now();
  await runCommand(command, args, { expected });
  return (performance.now() - start) / 1000;
}

/** Runs `count` concurrent processes of a command and returns the wall time in seconds until all have ended. */
export async function timeConcurrently(count, command, args) {
  const start = performance.now();
  await Promise.all(Array.from({ length: count }, () => runCommand(command, args)));
  return (performance.now() - start) / 1000;
}

/** Runs a command to its end. Returns its output if `output` is `pipe`. Throws as `timeCommand` does. */
export function runCommand(command, args, { expected = [0], output = 'ignore', cwd } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', output, 'pipe'], ...(cwd && { cwd }) });
    let printed = '';
    let errors = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      printed += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors = (errors + text).slice(-4000);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (expected.includes(code)) {
        resolve(printed);
      } else {
        reject(new Error(`${[command, ...args].join(' ').slice(0, 300)} ended with ${code ?? signal}: ${errors}`));
      }
    });
  });
}

/** Runs a script of `children/` in a separate Node.js process and returns the object that it prints. */
export async function runChild(name, input) {
  const file = new URL(`./children/${name}`, import.meta.url).pathname;
  const printed = await runCommand(process.execPath, [file, JSON.stringify(input)], { output: 'pipe' });
  return JSON.parse(printed);
}
