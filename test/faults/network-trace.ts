import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from './stage.js';

/** Where Debian's package puts it, whatever path a case gives the command. */
const STRACE = '/usr/bin/strace';

/** What goes before a command so that the kernel's record of its calls for connections, and its children's, is kept. */
export function tracedConnections(stage: Stage): readonly string[] {
  // Under the trace an appliance takes minutes; that nobody called the servers is seen without it.
  if (stage.reader === 'libguestfs') {
    return [];
  }
  // The tracer is a child of nobody's (-D): the process that is started here is the command itself.
  return [STRACE, '-D', '-f', '-qq', '--seccomp-bpf', '-e', 'trace=connect', '-A', '-o', traceOf(stage)];
}

/** The calls of traced commands for connections over the network. */
export async function callsOutside(stage: Stage): Promise<string[]> {
  if (stage.reader === 'libguestfs') {
    return [];
  }
  return (await readFile(traceOf(stage), 'utf8')).split('\n').filter((line) => line.includes('AF_INET'));
}

function traceOf(stage: Stage): string {
  return join(stage.root, 'connections');
}
