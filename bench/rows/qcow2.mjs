import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { timeCommand } from '../command.mjs';
import { compressedQcow2, randomDisk, randomQcow2, warm } from '../inputs/disks.mjs';
import { expectSameContent, hashWithLibrary } from '../library.mjs';
import { inTemporaryDirectory } from '../temporary-directory.mjs';

const HASHERS = ['sha256', 'xxh128'];

/** The random disk as qcow2, against the same disk as raw. */
export const qcow2Rows = HASHERS.map((hasher) => ({
  name: `qcow2-${hasher}`,
  title: () => `the same as qcow2, ${hasher}`,
  against: () => 'ourselves on raw',
  goal: { speed: 0.9 },
  unit: 'bytes',
  tools: ['qemu-img'],
  async prepare(context) {
    const raw = await randomDisk(context);
    const qcow2 = await randomQcow2(context);
    const { random: bytes } = context.sizes;
    await warm([raw, qcow2]);
    await expectSameContent(raw, qcow2, hasher);
    return {
      ours: () => hashWithLibrary([qcow2], hasher, bytes),
      peer: () => hashWithLibrary([raw], hasher, bytes),
    };
  },
}));

/** A compressed image, whose clusters this project inflates itself, against the fastest known method with qemu. */
export const compressedRow = {
  name: 'compressed',
  title: () => 'as large, compressed qcow2, xxh128',
  against: () => 'nbdcopy from qemu-nbd to null',
  goal: { speed: 0.9 },
  unit: 'bytes',
  tools: ['qemu-img', 'qemu-nbd', 'nbdcopy'],
  async prepare(context) {
    const image = await compressedQcow2(context);
    const { random: bytes } = context.sizes;
    await warm([image]);
    return {
      ours: () => hashWithLibrary([image], 'xxh128', bytes),
      peer: async () => ({ seconds: await timeNbdcopy(image), amount: bytes }),
    };
  },
};

/**
 * Measures nbdcopy. The server is already running when the clock starts, and accepts twice as many connections as there
 * are processors.
 */
function timeNbdcopy(image) {
  return inTemporaryDirectory((directory) => timeNbdcopyOver(join(directory, 'nbd'), image));
}

async function timeNbdcopyOver(socket, image) {
  const connections = String(2 * availableParallelism());
  const server = spawn('qemu-nbd', ['-r', '-t', '-f', 'qcow2', '-e', connections, '-k', socket, image], {
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => server.on('close', resolve));
  try {
    while (!existsSync(socket)) {
      const end = server.exitCode ?? server.signalCode;
      if (end !== null) {
        throw new Error(`qemu-nbd ended with ${end}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return await timeCommand('nbdcopy', [`nbd+unix:///?socket=${socket}`, 'null:']);
  } finally {
    server.kill();
    await ended;
  }
}
