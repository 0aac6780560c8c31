import { lstat, readlink } from 'node:fs/promises';
import { findProgram } from './find-program.js';

/** What a program in the sandbox sees of the machine, beside /usr. Absolute paths; each is seen under its own. */
export interface SandboxView {
  /** Files and directories that it can read. */
  readonly readable: readonly string[];
  /** Block devices. They are protected by what the program does with them, and by their permissions, only. */
  readonly devices: readonly string[];
  /** Directories in which it can write. */
  readonly writable: readonly string[];
}

/** The kernel's namespaces and capabilities that make a sandbox. */
export type SandboxKind = 'privileged' | 'unprivileged';

/**
 * root needs no namespace of users, in which it could read no other user's image. What it keeps of its powers, it has
 * only over files that it sees.
 */
const NAMESPACES: Readonly<Record<SandboxKind, readonly string[]>> = {
  privileged: [
    ...['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try'],
    ...['--cap-drop', 'ALL', '--cap-add', 'CAP_DAC_OVERRIDE'],
  ],
  unprivileged: ['--unshare-all', '--cap-drop', 'ALL'],
};

/** Directories that, beside /usr, hold programs and libraries; where they are links into /usr, they are made anew. */
const SYSTEM_DIRECTORIES = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/** Tells the dynamic linker where libraries are, which it would search for otherwise. */
const LINKER_CACHE = '/etc/ld.so.cache';

/**
 * The words that, before a command, run it with no network, no process but its own and no file but those of `view` and
 * of /usr, all read-only but for the writable directories.
 *
 * @param program Absolute path of the program; it is seen as well.
 */
export async function sandboxWords(kind: SandboxKind, view: SandboxView, program: string): Promise<string[]> {
  const readable = program.startsWith('/usr/') ? view.readable : [program, ...view.readable];
  return [
    (await findProgram('bwrap')) ?? 'bwrap',
    ...NAMESPACES[kind],
    ...['--die-with-parent', '--new-session', '--chdir', '/'],
    ...['--ro-bind', '/usr', '/usr', '--ro-bind-try', LINKER_CACHE, LINKER_CACHE],
    ...(await systemDirectories()),
    ...['--proc', '/proc', '--dev', '/dev', '--dir', '/tmp'],
    ...readable.flatMap((path) => ['--ro-bind', path, path]),
    ...view.devices.flatMap((path) => ['--dev-bind', path, path]),
    ...view.writable.flatMap((path) => ['--bind', path, path]),
    ...['--remount-ro', '/', '--'],
  ];
}

let systemWords: Promise<string[]> | undefined;

function systemDirectories(): Promise<string[]> {
  systemWords ??= Promise.all(SYSTEM_DIRECTORIES.map(systemDirectory)).then((words) => words.flat());
  return systemWords;
}

async function systemDirectory(path: string): Promise<string[]> {
  try {
    const isLink = (await lstat(path)).isSymbolicLink();
    return isLink ? ['--symlink', await readlink(path), path] : ['--ro-bind', path, path];
  } catch {
    return [];
  }
}
