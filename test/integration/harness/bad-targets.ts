import { VirtSimilarityError } from '@virt-similarity/core';
import { SeededRandom } from '../../fixtures/seeded-random.js';
import { Finding, type FuzzTarget } from '../../fuzz/fuzz-target.js';

/** The seed with which the targets must run, and the number of the execution that fails. */
export const SEED = 1;
export const BAD = 2;

const kept: Buffer[] = [];
const FAULTS: Readonly<Record<string, () => void>> = {
  wrong: () => {
    throw new Finding('expected one value, found another');
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
    throw new Error('cannot prepare');
  },
};

/** Targets that each fail in one execution, as their names say. All other executions are correct. */
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
