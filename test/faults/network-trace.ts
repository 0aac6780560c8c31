import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from './stage.js';

/** The absolute path of Debian's strace, because some cases change PATH. */
const STRACE = '/usr/bin/strace';

/** Returns words before a command that record its `connect` calls and those of its children. */
export function tracedConnections(stage: Stage): readonly string[] {
  // With strace, starting an appliance takes minutes. Connections to canary servers are counted in any case.
  if (stage.reader === 'libguestfs') {
    return [];
  }
  // With -D, the tracer is not the parent: the process that is started here is the command itself.
  return [STRACE, '-D', '-f', '-qq', '--seccomp-bpf', '-e', 'trace=connect', '-A', '-o', traceOf(stage)];
}

/** Returns the traced `connect` calls over IPv4 or IPv6; none with the reader `libguestfs`, which is not traced. */
export async function externalCalls(stage: Stage): Promise<string[]> {
  if (stage.reader === 'libguestfs') {
    return [];
  }
  return (await readFile(traceOf(stage), 'utf8')).split('\n').filter((line) => line.includes('AF_INET'));
}

function traceOf(stage: Stage): string {
  return join(stage.root, 'connections');
}
