import type { SeededRandom } from '../fixtures/seeded-random.js';

/** What came of an execution that went as it should. */
export type Verdict =
  /** The input was taken, and what was made of it is right. */
  | 'accepted'
  /** It was refused with an error of the project's own. */
  | 'rejected';

/** Something whose inputs are made at random. */
export interface FuzzTarget {
  readonly name: string;
  /** How many executions are its, in proportion to the shares of the others. */
  readonly share: number;
  /** Makes ready what all executions need. `directory` is the target's own and may hold what an earlier call made. */
  prepare(directory: string): Promise<FuzzSubject>;
}

/** A target that is ready. */
export interface FuzzSubject {
  /**
   * One execution, which depends on nothing but the random numbers. Throws `Finding`, or whatever the code under test
   * threw that it should not have thrown.
   */
  execute(random: SeededRandom): Promise<Verdict>;
  close?(): Promise<void>;
}

/** Something that is wrong with the code under test. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

/** Throws a finding unless something that must always hold does. */
export function require(condition: boolean, expected: string): asserts condition {
  if (!condition) {
    throw new Finding(`expected ${expected}`);
  }
}
