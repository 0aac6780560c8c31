import { spawn } from 'node:child_process';

const PROCESSORS: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** A virtual machine that is paused before its first instruction, so that it changes no disk. */
export interface VirtualMachine {
  stop(): Promise<void>;
}

/** Starts a virtual machine that has images open for writing. `drives` maps their paths to their formats. */
export async function startVirtualMachine(drives: ReadonlyMap<string, string>): Promise<VirtualMachine> {
  const program = `qemu-system-${PROCESSORS[process.arch] ?? process.arch}`;
  const machine = process.arch === 'arm64' ? ['-machine', 'virt,accel=tcg'] : ['-machine', 'pc,accel=tcg'];
  const attached = [...drives].flatMap(([path, format]) => ['-drive', `file=${path},format=${format},if=virtio`]);
  const paused = ['-S', '-nodefaults', '-display', 'none', '-monitor', 'stdio'];
  const child = spawn(program, [...machine, ...paused, ...attached], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let stderr = '';
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`${program} exited: ${stderr}`)));
    child.stderr.on('data', (text: Buffer) => {
      stderr += text.toString();
    });
    // The monitor prints its prompt once the drives are open.
    child.stdout.once('data', () => resolve());
  });
  return {
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
