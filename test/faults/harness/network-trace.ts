import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from './stage.js';

/** What goes before a command so that the kernel's record of its calls for connections, and its children's, is kept. */
export function tracedConnections(stage: Stage): readonly string[] {
  // Under the trace an appliance takes minutes; that nobody called the servers is seen without it.
  if (stage.reader === 'libguestfs') return [];
  return ['strace', '-f', '-qq', '--seccomp-bpf', '-e', 'trace=connect', '-A', '-o', traceOf(stage)];
}

/** Throws where a traced command called for a connection over the network. */
export async function requireNoConnections(stage: Stage): Promise<void> {
  if (stage.reader === 'libguestfs') return;
  const calls = (await readFile(traceOf(stage), 'utf8')).split('\n').filter((line) => line.includes('AF_INET'));
  if (calls.length > 0) throw new Error(`the network was called: ${calls.join(' | ')}`);
}

function traceOf(stage: Stage): string {
  return join(stage.root, 'connections');
}
