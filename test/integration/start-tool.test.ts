import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startTool } from '#image-tools/processes/start-tool.js';
import { eventually, isRunning } from './libguestfs-processes.js';

const SLEEP = { command: 'sleep', package: 'coreutils' };
const SHELL = { command: 'sh', package: 'dash' };
const OPTIONS = { component: 'qemu', image: 'a.qcow2' };

test('a server runs until it is stopped, and can be stopped again', async () => {
  const server = await startTool(SLEEP, ['60'], OPTIONS);
  expect(await isRunning(server.pid)).toBe(true);
  await Promise.all([server.stop(), server.stop()]);
  expect(await isRunning(server.pid)).toBe(false);
  await server.stop();
  expect(await server.exited).toEqual({ exitCode: undefined, signal: 'SIGKILL', stderr: '' });
});

test('a server that reads its input is asked to end, and has time to do so', async () => {
  const keeper = { ...SHELL, endsWithInput: true } as const;
  const server = await startTool(keeper, ['-c', 'trap "" TERM; read -r line; sleep 0.2; echo "$line" >&2'], OPTIONS);
  await server.stop();
  expect(await server.exited).toEqual({ exitCode: 0, signal: undefined, stderr: 'unneeded' });
});

test('a server that ignores its input is killed after a while, with its children', async () => {
  const keeper = { ...SHELL, endsWithInput: true } as const;
  const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-test-'));
  const ready = join(directory, 'ready');
  const server = await startTool(
    keeper,
    ['-c', 'echo "$$" >&2; sleep 3600 & echo "$!" >&2; >"$0"; kill -STOP "$$"', ready],
    OPTIONS,
  );
  await eventually(async () => existsSync(ready));
  await server.stop();
  await rm(directory, { recursive: true });
  const { signal, stderr } = await server.exited;
  expect(signal).toBe('SIGKILL');
  const processes = stderr.split('\n').map(Number);
  expect(processes).toHaveLength(2);
  // A process closes its files shortly before it exits.
  for (const pid of processes) {
    expect(await eventually(async () => !(await isRunning(pid)))).toBe(true);
  }
});

test('a server that ends without being stopped is reported with its status and standard error', async () => {
  const server = await startTool(SHELL, ['-c', 'echo broken >&2; exit 5'], OPTIONS);
  expect(await server.exited).toEqual({ exitCode: 5, signal: undefined, stderr: 'broken' });
  await server.stop();
});

test('a server is killed when the signal of its caller fires', async () => {
  const controller = new AbortController();
  const server = await startTool(SLEEP, ['60'], { ...OPTIONS, signal: controller.signal });
  controller.abort();
  expect(await server.exited).toMatchObject({ signal: 'SIGKILL' });
});

test('a server that is not installed is reported with its package', async () => {
  const missing = { command: 'virt-similarity-no-such-server', package: 'no-such-package' };
  await expect(startTool(missing, [], OPTIONS)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('install no-such-package'),
  });
});

test.each([0, 2, 4, 8, 16, 300])('a server does not outlive a parent that is killed after %i ms', async (age) => {
  const module = new URL('../../../packages/image-tools/dist/processes/start-tool.js', import.meta.url).href;
  const script = `
    const { startTool } = await import(${JSON.stringify(module)});
    const { pid } = await startTool(${JSON.stringify(SLEEP)}, ['3600'], ${JSON.stringify(OPTIONS)});
    console.log(pid);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await once(parent.stdout, 'data');
  const pid = Number(output);
  await delay(age);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  expect(await eventually(async () => !(await isRunning(pid)))).toBe(true);
});
