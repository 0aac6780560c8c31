import { VirtSimilarityError } from '@virt-similarity/core';
import { SeededRandom } from '../fixtures/seeded-random.js';
import type { FuzzSubject, FuzzTarget } from './fuzz-target.js';
import { ProgressFile } from './progress-file.js';

/** A task for a child: the executions of a target from `first` to `end`, excluding `end`. */
export interface FuzzTask {
  /** URL of a module that exports `TARGETS`. */
  readonly targets: string;
  readonly target: string;
  readonly seed: number;
  readonly first: number;
  readonly end: number;
  /** The directory of the target. */
  readonly directory: string;
  /** The path of the progress file. */
  readonly progress: string;
}

/** A child's report of an execution that went wrong. */
export interface FoundByChild {
  readonly execution: number;
  readonly description: string;
}

async function run({ targets, target, seed, first, end, directory, progress }: FuzzTask): Promise<void> {
  const { TARGETS }: { readonly TARGETS: readonly FuzzTarget[] } = await import(targets);
  const chosen = TARGETS.find(({ name }) => name === target);
  if (chosen === undefined) {
    throw new Error(`unknown target ${target}`);
  }
  const file = new ProgressFile(progress);
  let { accepted, rejected } = file.read();
  const subject = await chosen.prepare(directory);
  for (let execution = first; execution < end; execution += 1) {
    file.write({ execution, since: Date.now(), accepted, rejected });
    const verdict = await execute(subject, new SeededRandom(seed, target, execution));
    if (verdict === 'accepted') {
      accepted += 1;
    } else if (verdict === 'rejected') {
      rejected += 1;
    } else {
      process.send?.({ execution, description: verdict.problem } satisfies FoundByChild);
    }
  }
  file.write({ execution: end, since: Date.now(), accepted, rejected });
  file.close();
  await subject.close?.();
}

async function execute(subject: FuzzSubject, random: SeededRandom) {
  try {
    return await subject.execute(random);
  } catch (thrown) {
    if (thrown instanceof VirtSimilarityError) {
      return 'rejected';
    }
    return { problem: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
  }
}

await run(JSON.parse(process.argv[2] ?? '') as FuzzTask);
process.disconnect?.();
// Ends threads that are kept for later use.
process.exit(0);
