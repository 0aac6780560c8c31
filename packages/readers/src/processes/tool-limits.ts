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
 * None where util-linux's prlimit is missing.
 */
export async function limitingWords(limits: Partial<ToolLimits> = {}): Promise<string[]> {
  const prlimit = await findProgram('prlimit');
  if (prlimit === undefined) {
    return [];
  }
  const { addressSpace, cpuSeconds, openFiles } = { ...TOOL_LIMITS_DEFAULTS, ...limits };
  return [prlimit, '--core=0', `--as=${addressSpace}`, `--cpu=${cpuSeconds}`, `--nofile=${openFiles}`, '--'];
}
