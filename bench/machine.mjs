import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { versionOf } from './peers.mjs';

const TOOLS = ['openssl', 'xxhsum', 'b3sum', 'duperemove', 'qemu-img', 'nbdcopy', 'scipy', 'fastcluster'];

/** Returns what the results depend on: processor, cores, memory, kernel, system, Node.js, the peers, and the date. */
export function describeMachine() {
  const versions = TOOLS.map((tool) => versionOf(tool) ?? `${tool} missing`);
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    kernel: `${type()} ${release()}`,
    system: systemName(),
    node: process.version,
    peers: versions,
    date: new Date().toISOString().slice(0, 10),
  };
}

function systemName() {
  try {
    return readFileSync('/etc/os-release', 'utf8').match(/^PRETTY_NAME="?([^"\n]+)/m)?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
