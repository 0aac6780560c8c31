import { readFileSync } from 'node:fs';
import { findProgram } from './find-program.js';

/** What each process of a program may use. */
export interface ToolLimits {
  /** Bytes of address space. */
  readonly addressSpace: number;
  /** Seconds of processor time. */
  readonly cpuSeconds: number;
  readonly openFiles: number;
}

/** Enough for qemu's tools: one that serves a chain of 64 images takes 1 GiB of address space. */
export const TOOL_LIMITS_DEFAULTS: ToolLimits = { addressSpace: 4 * 2 ** 30, cpuSeconds: 600, openFiles: 1024 };

/** Seconds of processor time for what serves a disk from its first byte to its last. */
export const SERVER_CPU_SECONDS = 24 * 60 * 60;

/**
 * The words that, before a command, limit what it and its children may use, and have none of them write a core dump.
 * None where util-linux's prlimit is missing. Limits of this process itself that are lower hold as they are: raising them
 * would fail.
 */
export async function limitingWords(limits: Partial<ToolLimits> = {}): Promise<string[]> {
  const prlimit = await findProgram('prlimit');
  if (prlimit === undefined) {
    return [];
  }
  const { addressSpace, cpuSeconds, openFiles } = { ...TOOL_LIMITS_DEFAULTS, ...limits };
  const own = readOwnLimits();
  const lowered = (wanted: number, name: string) => Math.min(wanted, hardLimit(own, name));
  return [
    prlimit,
    '--core=0',
    `--as=${lowered(addressSpace, 'Max address space')}`,
    `--cpu=${lowered(cpuSeconds, 'Max cpu time')}`,
    `--nofile=${lowered(openFiles, 'Max open files')}`,
    '--',
  ];
}

/** Nothing where the system does not say. */
function readOwnLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}

/** Infinity where there is none. A line of the table is a name, the soft limit, the hard limit and a unit. */
function hardLimit(table: string, name: string): number {
  return Number(new RegExp(`^${name} +\\S+ +(\\d+)`, 'm').exec(table)?.[1] ?? Number.POSITIVE_INFINITY);
}
