import { workerData } from 'node:worker_threads';
import type { BlockHasher } from '../contracts/block-hasher.js';
import type { PartReference } from '../contracts/part-reference.js';
import type { NamedPart } from '../contracts/plugin.js';
import { constructPart, partFailure, serveMethods } from '../part-threads/serve-part.js';
import type { HashWork } from './hash-work.js';
import { probeHasher, requireSameDigest } from './probe-hasher.js';
import { runHashTask } from './run-hash-task.js';

const reference = workerData as PartReference;
const constructed = prepareHasher();
// If the hasher cannot be constructed or prepared, that error is the answer to every task.
await constructed.catch(() => {});

let ownProbe: Uint8Array | undefined;

const work: HashWork = {
  async probe() {
    return probeHasher(await constructed);
  },
  async hash(task, probe) {
    const hasher = await constructed;
    if (ownProbe === undefined) {
      const found = probeHasher(hasher);
      requireSameDigest(hasher, found, probe);
      ownProbe = found;
    }
    runHashTask(task, hasher);
  },
};

serveMethods(work, (thrown) => partFailure(reference, thrown));

async function prepareHasher(): Promise<NamedPart<BlockHasher>> {
  const hasher = await constructPart<'hasher'>(reference);
  await hasher.part.prepare?.();
  return hasher;
}
