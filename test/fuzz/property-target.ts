import * as fc from 'fast-check';
import type { SeededRandom } from '../fixtures/seeded-random.js';
import type { FuzzTarget, Verdict } from './fuzz-target.js';
import { Finding } from './fuzz-target.js';

/** Something that must hold of every value. */
export interface Property<Value> {
  readonly values: fc.Arbitrary<Value>;
  /** Throws where it does not hold; an error of the project's own stands for a value that was refused. */
  check(value: Value): Verdict | Promise<Verdict>;
}

/** A property as a target of its own: each execution checks it of one value. */
export function propertyTarget<Value>(name: string, share: number, { values, check }: Property<Value>): FuzzTarget {
  const execute = async (random: SeededRandom): Promise<Verdict> => {
    const [value] = fc.sample(values, { seed: random.uint32() | 0, numRuns: 1 }) as [Value];
    try {
      return await check(value);
    } catch (thrown) {
      if (thrown instanceof Finding) {
        throw new Finding(`${thrown.message}, of ${fc.stringify(value)}`);
      }
      throw thrown;
    }
  };
  return { name, share, prepare: async () => ({ execute }) };
}
