import { readdirSync, readFileSync } from 'node:fs';

/** A process. Its start time distinguishes it from a later process with the same id. */
export interface ProcessEntry {
  readonly id: number;
  readonly parent: number;
  /** The id of the process that started its session. */
  readonly session: number;
  /** Clock ticks since the machine started. */
  readonly started: string;
  readonly isZombie: boolean;
}

/** Returns all processes. */
export function processTable(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processEntry(Number(name)) ?? []);
}

/** Returns one process, or `undefined` if it has exited. */
export function processEntry(id: number): ProcessEntry | undefined {
  const text = readProcessFile(id, 'stat');
  // The name is in parentheses, and can contain parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, , session] = fields;
  const started = fields[19];
  if (parent === undefined || started === undefined) {
    return undefined;
  }
  return { id, parent: Number(parent), session: Number(session), started, isZombie: state === 'Z' || state === 'X' };
}

/** Returns a file of a process's directory in /proc, one character per byte; empty if the process has exited. */
export function readProcessFile(id: number, name: 'stat' | 'status' | 'environ' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${id}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

/** Returns the current and peak resident memory of a process in bytes; zeros if it has exited. */
export function residentMemory(id: number): { readonly now: number; readonly peak: number } {
  const status = readProcessFile(id, 'status');
  const bytes = (field: RegExp) => Number(field.exec(status)?.[1] ?? 0) * 1024;
  return { now: bytes(/^VmRSS:\s+(\d+) kB$/m), peak: bytes(/^VmHWM:\s+(\d+) kB$/m) };
}
