import type { SeededRandom } from '../fixtures/seeded-random.js';

/** The outcome of a correct execution. */
export type Verdict =
  /** The input was accepted, and the result is right. */
  | 'accepted'
  /** The input was refused with one of the project's own errors. */
  | 'rejected';

/** Code under test that is called with random inputs. */
export interface FuzzTarget {
  readonly name: string;
  /** The target's share of the executions, relative to the shares of the other targets. */
  readonly share: number;
  /** Prepares all executions. `directory` belongs to the target, and can contain files of an earlier call. */
  prepare(directory: string): Promise<FuzzSubject>;
}

/** A target that is prepared. */
export interface FuzzSubject {
  /**
   * Runs one execution, which depends only on the random numbers.
   *
   * @throws `VirtSimilarityError` if the input is refused, `Finding` for a wrong result, and any other error of the
   *   code under test, which counts as a defect
   */
  execute(random: SeededRandom): Promise<Verdict>;
  close?(): Promise<void>;
}

/** A defect in the code under test. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

/** Checks a condition that must always be met. @throws Finding if it is not */
export function require(condition: boolean, expected: string): asserts condition {
  if (!condition) {
    throw new Finding(`expected ${expected}`);
  }
}
