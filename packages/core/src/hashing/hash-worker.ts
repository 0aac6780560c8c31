import { workerData } from 'node:worker_threads';
import type { BlockHasher } from '../contracts/block-hasher.js';
import { answerTasks } from '../threads/answer-tasks.js';
import { importPluginPart } from '../threads/import-plugin-part.js';
import { type ThreadFailure, threadFailureOf } from '../threads/thread-failure.js';
import type { HashTask } from './hash-task.js';
import { probeHasher, requireSameDigest } from './probe-hasher.js';
import { runHashTask } from './run-hash-task.js';

/** What a worker thread hashes with. */
export interface HashWorkerData {
  /** Where the hasher's plugin can be imported from. */
  readonly pluginUrl: string;
  readonly hasherName: string;
}

/** What a worker thread is asked: to hash, or only for its digest of the probe. */
export type HashWorkerTask =
  | { readonly kind: 'probe' }
  | {
      readonly kind: 'hash';
      readonly task: HashTask;
      /** The digest of the probe by another instance, which this thread's must agree with. */
      readonly probe: Uint8Array;
    };

export type HashWorkerAnswer =
  | { readonly failure: ThreadFailure }
  | { readonly probe: Uint8Array }
  | { readonly hashed: true };

const { pluginUrl, hasherName } = workerData as HashWorkerData;
const imported = await importPluginPart(pluginUrl, 'hashers', hasherName).then(
  (hasher) => ({ hasher }),
  (thrown: unknown) => ({ thrown }),
);
let own: Uint8Array | undefined;

answerTasks((asked: HashWorkerTask): HashWorkerAnswer => {
  try {
    if ('thrown' in imported) throw imported.thrown;
    const { hasher } = imported;
    if (asked.kind === 'probe') return { probe: probeHasher(hasher) };
    agree(hasher, asked.probe);
    runHashTask(asked.task, hasher);
    return { hashed: true };
  } catch (thrown) {
    return { failure: threadFailureOf(hasherName, 'the hasher failed', thrown) };
  }
});

/** Probes this thread's hasher before its first block. */
function agree(hasher: BlockHasher, expected: Uint8Array): void {
  if (own !== undefined) return;
  const probe = probeHasher(hasher);
  requireSameDigest(hasher, probe, expected);
  own = probe;
}
