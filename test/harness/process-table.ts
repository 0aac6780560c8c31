import { readdirSync, readFileSync } from 'node:fs';

/** A process, told from a later one of the same id by when it started. */
export interface ProcessEntry {
  readonly id: number;
  readonly parent: number;
  /** The process that started its session. */
  readonly session: number;
  /** Clock ticks since the machine started. */
  readonly started: string;
  readonly isZombie: boolean;
}

/** All processes. */
export function processTable(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processEntry(Number(name)) ?? []);
}

/** One process; nothing where it is gone. */
export function processEntry(id: number): ProcessEntry | undefined {
  const text = readProcessFile(id, 'stat');
  // The name is in parentheses, and may contain some itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, , session] = fields;
  const started = fields[19];
  if (parent === undefined || started === undefined) {
    return undefined;
  }
  return { id, parent: Number(parent), session: Number(session), started, isZombie: state === 'Z' || state === 'X' };
}

/** A file of a process's directory in /proc, one character a byte; empty where the process is gone. */
export function readProcessFile(id: number, name: 'stat' | 'status' | 'environ' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${id}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

/** Resident memory of a process in bytes, now and at most so far; zeros where it is gone. */
export function residentMemory(id: number): { readonly now: number; readonly peak: number } {
  const status = readProcessFile(id, 'status');
  const bytes = (field: RegExp) => Number(field.exec(status)?.[1] ?? 0) * 1024;
  return { now: bytes(/^VmRSS:\s+(\d+) kB$/m), peak: bytes(/^VmHWM:\s+(\d+) kB$/m) };
}
