import { readdirSync, readFileSync } from 'node:fs';

/** A process, told from a later one of the same id by when it started. */
export interface ProcessEntry {
  readonly id: number;
  readonly parent: number;
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
  // The name stands in parentheses, and may hold some itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent] = fields;
  const started = fields[19];
  if (parent === undefined || started === undefined) {
    return undefined;
  }
  return { id, parent: Number(parent), started, isZombie: state === 'Z' || state === 'X' };
}

/** A file of a process's directory in /proc, one character a byte; empty where the process is gone. */
export function readProcessFile(id: number, name: 'stat' | 'status' | 'environ' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${id}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

/** The most memory that a process has had, in bytes. */
export function peakMemory(id: number): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readProcessFile(id, 'status'))?.[1];
  return Number(kibibytes ?? 0) * 1024;
}
