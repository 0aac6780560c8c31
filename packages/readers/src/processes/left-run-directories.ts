import { lstat, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Milliseconds that what another system's processes left is kept: their numbers say nothing here. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** Stands for what the kernel does not tell, for want of /proc. */
const UNKNOWN = '0';

/** A process's number, that of its namespace of processes, and when it started; then six characters of chance. */
const RUN_DIRECTORY_NAME = /^virt-similarity-(?<pid>\d+)-(?<namespace>[\da-z]+)-(?<start>[\da-z]+)-\w{6}$/;

/** The beginning of the names of this process's directories: no other process has it, not even a later one. */
export async function runDirectoryPrefix(): Promise<string> {
  const [namespace, start] = await Promise.all([ownNamespace(), startOf(process.pid)]);
  return `virt-similarity-${process.pid}-${namespace}-${start ?? UNKNOWN}-`;
}

/**
 * Removes the directories that processes of this user left that were killed: at once, or after a day where they ran in
 * another namespace of processes, such as a container, which may share the directory.
 */
export async function sweepRunDirectories(parent: string): Promise<void> {
  const namespace = await ownNamespace();
  const names = await readdir(parent).catch(() => []);
  await Promise.all(names.map((name) => sweep(parent, name, namespace)));
}

/** Several processes may sweep at once, so whatever fails is left to the next. */
async function sweep(parent: string, name: string, namespace: string): Promise<void> {
  const owner = RUN_DIRECTORY_NAME.exec(name)?.groups;
  if (owner === undefined) {
    return;
  }
  const path = join(parent, name);
  try {
    const { uid, mtimeMs } = await lstat(path);
    const isOurs = owner.namespace === namespace && namespace !== UNKNOWN;
    const isLeft = isOurs ? (await startOf(Number(owner.pid))) !== owner.start : Date.now() - mtimeMs > KEPT_MS;
    if (uid === process.getuid?.() && isLeft) {
      await rm(path, { recursive: true, force: true });
    }
  } catch {
    // Gone, or of somebody else.
  }
}

/** The inode of this process's namespace of processes, to the base 36; `UNKNOWN` where the kernel does not tell. */
async function ownNamespace(): Promise<string> {
  const link = await readlink('/proc/self/ns/pid').catch(() => '');
  const inode = /\d+/.exec(link)?.[0];
  return inode === undefined ? UNKNOWN : Number(inode).toString(36);
}

/** When a process started, in ticks since the system did, to the base 36; nothing where there is none. */
async function startOf(pid: number): Promise<string | undefined> {
  const status = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  // The fields are separated by blanks, except that the second, a name in parentheses, may contain anything.
  const fields = status?.slice(status.lastIndexOf(')') + 2).split(' ');
  return fields === undefined ? undefined : Number(fields[19]).toString(36);
}
