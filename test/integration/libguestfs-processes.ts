import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Returns the run directories of the process with this id. */
export async function runDirectoriesOf(pid: number): Promise<string[]> {
  const parents = new Set([process.env.XDG_RUNTIME_DIR ?? tmpdir(), tmpdir(), '/tmp']);
  const found: string[] = [];
  for (const parent of parents) {
    const names = await readdir(parent).catch(() => []);
    found.push(...names.filter((name) => name.startsWith(`virt-similarity-${pid}-`)).map((name) => join(parent, name)));
  }
  return found;
}

/** Returns the ids of the listening guestfish processes that the process with this id has started. */
export async function guestfishesOf(pid: number): Promise<number[]> {
  const ids: number[] = [];
  for (const directory of await runDirectoriesOf(pid)) {
    const names = await readdir(directory).catch(() => []);
    for (const name of names) {
      const pid = await readFile(join(directory, name, 'pid'), 'utf8').catch(() => undefined);
      ids.push(...(pid === undefined ? [] : [Number(pid)]));
    }
  }
  return ids;
}

/** Returns the process ids of the virtual machines that a listening guestfish runs. */
export async function machinesOf(guestfish: number): Promise<number[]> {
  const children = await readFile(`/proc/${guestfish}/task/${guestfish}/children`, 'utf8');
  const machines: number[] = [];
  for (const child of children.trim().split(' ')) {
    const command = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
    if (/^[^\0]*(?:qemu-system|qemu-kvm)/.test(command)) {
      machines.push(Number(child));
    }
  }
  return machines;
}

/** Returns the ids of all helpers of a process except guestfish: their arguments name its run directories. */
export async function helpersOf(pid: number): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const helpers: number[] = [];
  for (const id of ids) {
    const command = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
    if (id !== pid && command.includes(`/virt-similarity-${pid}-`)) {
      helpers.push(id);
    }
  }
  return helpers;
}

/** Returns whether a process is running. A zombie counts as not running. */
export async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return status !== '' && !/^State:\s+Z/m.test(status);
}

/** Milliseconds after which a condition counts as never fulfilled, even on a busy machine. */
const HANG_MS = 600_000;

/** Waits until a condition is met. Returns false if it is not met within the time limit. */
export async function eventually(condition: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + HANG_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) {
      return false;
    }
    await delay(50);
  }
  return true;
}
