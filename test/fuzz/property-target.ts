import * as fc from 'fast-check';
import type { SeededRandom } from '../fixtures/seeded-random.js';
import type { FuzzTarget, Verdict } from './fuzz-target.js';
import { Finding } from './fuzz-target.js';

/** A property that every value must have. */
export interface Property<Value> {
  readonly values: fc.Arbitrary<Value>;
  /** Checks one value. @throws Finding if it lacks the property, one of the project's errors if it is refused */
  check(value: Value): Verdict | Promise<Verdict>;
}

/** Returns a target for a property: each execution checks one value. */
export function propertyTarget<Value>(name: string, share: number, { values, check }: Property<Value>): FuzzTarget {
  const execute = async (random: SeededRandom): Promise<Verdict> => {
    const [value] = fc.sample(values, { seed: random.uint32() | 0, numRuns: 1 }) as [Value];
    try {
      return await check(value);
    } catch (thrown) {
      if (thrown instanceof Finding) {
        throw new Finding(`${thrown.message}, for ${fc.stringify(value)}`);
      }
      throw thrown;
    }
  };
  return { name, share, prepare: async () => ({ execute }) };
}
