import { readFileSync } from 'node:fs';
import { findProgram } from './find-program.js';

/** The resource limits of each process of a program. */
export interface ToolLimits {
  /** Bytes of address space. */
  readonly addressSpace: number;
  /** Seconds of processor time. */
  readonly cpuSeconds: number;
  readonly openFiles: number;
}

/** Enough for qemu's tools: a server of a chain of 64 images uses 1 GiB of address space. */
export const TOOL_LIMITS_DEFAULTS: ToolLimits = { addressSpace: 4 * 2 ** 30, cpuSeconds: 600, openFiles: 1024 };

/**
 * The limit that disables core dumps, in bytes. Unlike 0, it also applies where the kernel pipes core dumps to a
 * program (fs/coredump.c).
 */
const NO_CORE_DUMP = 1;

/** Seconds of processor time for a server that reads a complete disk. */
export const SERVER_CPU_SECONDS = 24 * 60 * 60;

/**
 * Returns the words that must precede a command to limit the resources of the command and its children, and to disable
 * core dumps. Returns none if util-linux's prlimit is missing. Where a hard limit of this process is lower, that limit
 * is used instead, because raising it can fail.
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
    `--core=${lowered(NO_CORE_DUMP, 'Max core file size')}`,
    `--as=${lowered(addressSpace, 'Max address space')}`,
    `--cpu=${lowered(cpuSeconds, 'Max cpu time')}`,
    `--nofile=${lowered(openFiles, 'Max open files')}`,
    '--',
  ];
}

/** Returns the table of this process's limits; an empty string if it cannot be read. */
function readOwnLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}

/**
 * Returns a hard limit; `Infinity` if it is unlimited or unknown. A line of the table has a name, a soft limit, a hard
 * limit and a unit.
 */
function hardLimit(table: string, name: string): number {
  return Number(new RegExp(`^${name} +\\S+ +(\\d+)`, 'm').exec(table)?.[1] ?? Number.POSITIVE_INFINITY);
}
