import { readlinkSync } from 'node:fs';
import { readProcFile } from './proc-file.js';

/** The pattern of a process mark: process id, PID namespace, start time and boot id, the last three in base 36. */
export const PROCESS_MARK = '\\d+-[\\da-z]+-[\\da-z]+-[\\da-z]+';

/** The value of a field that the kernel does not provide, because /proc is missing or shows another PID namespace. */
const UNKNOWN = '0';

/** Milliseconds for which the files of a process are kept if the kernel cannot report whether the process has ended. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** The number of hexadecimal digits of the boot id that are used: 48 bits. */
const BOOT_DIGITS = 12;

/** The states of a process that has exited: zombie, dead. */
const EXITED = /^[ZX]/;

interface System {
  /** Inode of the PID namespace, in base 36. */
  readonly namespace: string;
  /** The first 48 bits of the boot id, in base 36. */
  readonly boot: string;
}

let own: { readonly mark: string; readonly system: System } | undefined;

/**
 * Returns a name for this process that no other process has, not even a later process with the same id, or a process in
 * another container or on another machine. If /proc cannot be read or belongs to another PID namespace, some parts of
 * the name are unknown, and it may not be unique. Include it in the name of every temporary file and directory, so that
 * {@link hasEnded} can determine whether the owner is still running.
 */
export function processMark(): string {
  return ownProcess().mark;
}

/**
 * Returns whether the process with this mark has ended. For a process of this boot and PID namespace, asks the kernel.
 * Any other process (in another container, or on another machine with a network file system) counts as ended once its
 * file or directory is more than a day old.
 *
 * @param age returns the milliseconds since the file or directory was last written; called only if the kernel cannot be
 *   asked
 */
export async function hasEnded(mark: string, age: () => number | Promise<number>): Promise<boolean> {
  const { mark: ownMark, system } = ownProcess();
  if (mark === ownMark) {
    return false;
  }
  const [pid, namespace, start, boot] = mark.split('-');
  const isVisible = namespace === system.namespace && boot === system.boot;
  if (isVisible && namespace !== UNKNOWN && boot !== UNKNOWN) {
    return startOf(pid ?? '') !== start;
  }
  return (await age()) > KEPT_MS;
}

function ownProcess(): { readonly mark: string; readonly system: System } {
  own ??= identifyProcess();
  return own;
}

function identifyProcess(): { readonly mark: string; readonly system: System } {
  // If /proc belongs to another PID namespace, its process ids are not those of processes here.
  const isOwnProc = readProcFile('/proc/self/stat').startsWith(`${process.pid} `);
  const namespace = isOwnProc ? base36(/\d+/.exec(linkOrEmpty('/proc/self/ns/pid'))?.[0]) : UNKNOWN;
  const bootId = readProcFile('/proc/sys/kernel/random/boot_id').replace(/[^\da-f]/g, '');
  const boot = bootId === '' ? UNKNOWN : base36(`0x${bootId.slice(0, BOOT_DIGITS)}`);
  const start = (isOwnProc ? startOf('self') : undefined) ?? UNKNOWN;
  return { mark: `${process.pid}-${namespace}-${start}-${boot}`, system: { namespace, boot } };
}

/**
 * Returns when a process started, in ticks since boot, in base 36; `undefined` if the process does not exist or has
 * exited.
 */
function startOf(pid: string): string | undefined {
  const status = readProcFile(`/proc/${pid}/stat`);
  // The second field is a name in parentheses, which may contain blanks and parentheses.
  const fields = status.slice(status.lastIndexOf(')') + 2);
  return status === '' || EXITED.test(fields) ? undefined : base36(fields.split(' ')[19]);
}

function base36(number: string | undefined): string {
  return number === undefined ? UNKNOWN : Number(number).toString(36);
}

function linkOrEmpty(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
