import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { wording } from '@virt-similarity/core';
import { runTool } from '#image-tools/processes/run-tool.js';
import { ToolFailure } from '#image-tools/processes/tool-failure.js';

const SHELL = { command: 'sh', package: 'dash' };
const OPTIONS = { component: 'qemu', image: 'a.qcow2' };

function shell(script: string, options = {}): Promise<string> {
  return runTool(SHELL, ['-c', script], { ...OPTIONS, ...options });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a program that succeeds', () => {
  test('returns its exact output', async () => {
    expect(await shell(`printf 'grün\\n\\n'`)).toBe('grün\n\n');
  });

  test('runs with English messages, without core dumps and without input', async () => {
    expect(await shell('echo $LC_ALL; ulimit -c; cat')).toBe('C\n0\n');
  });

  test('receives arguments unchanged, without a shell', async () => {
    const odd = `-x "$(id)" '\n*`;
    expect(await runTool(SHELL, ['-c', 'printf %s "$1"', 'sh', odd], OPTIONS)).toBe(odd);
  });

  test('receives additional variables', async () => {
    expect(await shell('echo $COLOUR', { environment: { COLOUR: 'red' } })).toBe('red\n');
  });
});

describe('a program that fails', () => {
  test('is reported with its status and the end of its standard error', async () => {
    const failure = shell('echo out; echo wrong >&2; exit 3');
    await expect(failure).rejects.toBeInstanceOf(ToolFailure);
    await expect(failure).rejects.toMatchObject({
      exitCode: 3,
      signal: undefined,
      stderr: 'wrong',
      message: 'sh ended with status 3: wrong',
    });
  });

  test('is reported with the signal that ended it', async () => {
    await expect(shell('kill -9 $$')).rejects.toMatchObject({ signal: 'SIGKILL', message: 'sh was ended by SIGKILL' });
  });

  test('is reported with only the end of a long standard error', async () => {
    await expect(shell('yes | head -c 100000 >&2; echo last >&2; exit 1')).rejects.toMatchObject({
      stderr: expect.stringMatching(/^.{8000,8192}last$/s),
    });
  });
});

describe('a missing program', () => {
  const missing = { command: 'virt-similarity-no-such-program', package: 'no-such-package' };

  test('is reported with the package to install', async () => {
    await expect(runTool(missing, [], OPTIONS)).rejects.toMatchObject({
      code: 'unavailable',
      image: 'a.qcow2',
      message: '[qemu] cannot open a.qcow2: virt-similarity-no-such-program is not installed; install no-such-package',
    });
  });

  test.each([
    ['sh', ", or choose `reader: 'libguestfs'`"],
    ['no-such-alternative', ''],
  ])('is reported with an alternative only if the program it needs is installed: %s', async (command, expected) => {
    const text = wording`choose ${{ option: 'reader', value: 'libguestfs' }}`;
    const alternative = { text, needs: [{ command, package: 'none' }] };
    await expect(runTool(missing, [], { component: 'qemu', alternative })).rejects.toMatchObject({
      message: `[qemu] virt-similarity-no-such-program is not installed; install no-such-package${expected}`,
    });
  });

  test('is reported with every other missing program', async () => {
    const needs = [
      missing,
      { command: 'virt-similarity-second', package: 'no-such-package' },
      { command: 'sh', package: 'dash' },
      { command: 'virt-similarity-third', package: 'third' },
    ];
    await expect(runTool(missing, [], { component: 'qemu', needs })).rejects.toThrow(
      'no-such-program, virt-similarity-second and virt-similarity-third are not installed; install no-such-package third',
    );
  });

  test('is unavailable if PATH names only the working directory', async () => {
    const { PATH } = process.env;
    process.env.PATH = '.';
    try {
      await expect(shell('true')).rejects.toMatchObject({ code: 'unavailable' });
    } finally {
      process.env.PATH = PATH;
    }
  });
});

describe('a program that is ended', () => {
  test('at its time limit is reported with the limit', async () => {
    await expect(shell('exec sleep 60', { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'unavailable',
      message: '[qemu] cannot open a.qcow2: sh did not end within 0.2 s; try again when the machine is less busy',
    });
  });

  test('for printing too much is reported with this reason', async () => {
    await expect(shell('yes', { maxOutputBytes: 1000 })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('printed more than'),
    });
  });

  test('by the signal has exited when the call rejects', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-test-'));
    const pidFile = join(directory, 'pid');
    try {
      const interrupt = new AbortController();
      const running = shell(`echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 60`, {
        signal: interrupt.signal,
      });
      running.catch(() => {});
      while (!existsSync(pidFile)) {
        await delay(10);
      }
      interrupt.abort();
      await expect(running).rejects.toMatchObject({ code: 'aborted' });
      expect(isRunning(Number(await readFile(pidFile, 'utf8')))).toBe(false);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('before it starts is reported as aborted', async () => {
    await expect(shell('true', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  });
});
