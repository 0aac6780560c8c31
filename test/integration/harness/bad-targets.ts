import { VirtSimilarityError } from '@virt-similarity/core';
import { SeededRandom } from '../../fixtures/seeded-random.js';
import { Finding, type FuzzTarget } from '../../fuzz/fuzz-target.js';

/** The seed that the targets are to be run with, and the number of the execution that goes wrong. */
export const SEED = 1;
export const BAD = 2;

const kept: Buffer[] = [];
const FAULTS: Readonly<Record<string, () => void>> = {
  wrong: () => {
    throw new Finding('expected one thing, found another');
  },
  hang: () => {
    for (;;) {}
  },
  crash: () => {
    process.kill(process.pid, 'SIGSEGV');
    for (;;) {}
  },
  exit: () => process.exit(0),
  memory: () => {
    for (;;) {
      kept.push(Buffer.alloc(2 ** 20, 1));
    }
  },
  growth: () => {
    for (;;) {
      kept.push(Buffer.alloc(16 * 2 ** 20, 1));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    }
  },
};

const unprepared: FuzzTarget = {
  name: 'unprepared',
  share: 1,
  prepare: async () => {
    throw new Error('nothing is ready');
  },
};

/** Targets that are at fault in one way each, which is their name, in one execution; every other one is as it should be. */
const faulty = Object.entries(FAULTS).map(([name, fault]): FuzzTarget => {
  const bad = new SeededRandom(SEED, name, BAD).uint32();
  const execute = async (random: SeededRandom) => {
    const number = random.uint32();
    if (number === bad) {
      fault();
    }
    if (number % 2 === 0) {
      throw new VirtSimilarityError('corrupt', 'even');
    }
    return 'accepted' as const;
  };
  return { name, share: 1, prepare: async () => ({ execute }) };
});

export const TARGETS = [...faulty, unprepared];
