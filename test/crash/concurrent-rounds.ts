import { readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { SeededRandom } from '../fixtures/seeded-random.js';
import type { CrashTally } from './faults.js';
import { takeReference, wordsOf } from './kill-rounds.js';
import { leftovers, verifyCache } from './leavings.js';
import type { Stage } from './stage.js';

const PROCESSES = 8;

/** Runs eight concurrent processes on one cache. Before each round, the cache is emptied, or some entries damaged. */
export async function concurrentRounds(stage: Stage, seed: number, rounds: number, tally: CrashTally): Promise<void> {
  const { analysis } = await takeReference(stage);
  for (let round = 0; round < rounds; round += 1) {
    await damageCache(stage, new SeededRandom(seed, 'round', round));
    const where = `round ${round}`;
    const runs = Array.from({ length: PROCESSES }, () => stage.start(wordsOf('analyze', stage)));
    for (const { exit, signal, stdout, stderr } of await Promise.all(runs.map(({ ended }) => ended))) {
      tally.count('concurrent runs');
      if (signal !== null) {
        tally.fault('hangs', where, 'a run did not end');
      } else if (exit !== 0) {
        tally.fault('losses', where, `a run exited with ${exit}: ${stderr}`);
      } else if (stdout !== analysis) {
        tally.fault('wrong results', where, stdout);
      }
    }
    const orphans: string[] = [];
    for (const run of runs) {
      orphans.push(...(await run.orphans()));
    }
    if (orphans.length > 0) {
      tally.fault('orphans', where, orphans.join(', '));
    }
    const { images } = await verifyCache(stage, tally, where);
    if (images.size !== stage.images.length) {
      tally.fault('losses', where, `${images.size} images are cached`);
    }
    const left = await leftovers(stage);
    if (left.length > 0) {
      tally.fault('leftovers', where, left.join(', '));
    }
  }
}

/** Empties the cache, or removes or truncates some of its entries. */
async function damageCache(stage: Stage, random: SeededRandom): Promise<void> {
  if (random.below(3) === 0) {
    await stage.clear();
    return;
  }
  for (const name of (await readdir(stage.cache)).sort()) {
    const path = join(stage.cache, name);
    const fate = random.below(4);
    if (fate === 0) {
      await rm(path);
    }
    if (fate === 1) {
      await truncate(path, random.below(4000));
    }
  }
}
