import { AssertionError } from 'node:assert/strict';
import { messageOf } from '@virt-similarity/core';

/** One requirement of a contract, for any test runner: `test(title, run)`. */
export interface ContractTest {
  readonly title: string;
  /** Rejects with an `AssertionError` where the requirement is not met. */
  run(): Promise<void>;
}

/** The tests, in which whatever a part throws is an `AssertionError` with that as its cause. */
export function asserting(tests: readonly ContractTest[]): ContractTest[] {
  return tests.map(({ title, run }) => ({
    title,
    run: async () => {
      try {
        await run();
      } catch (thrown) {
        if (thrown instanceof AssertionError) {
          throw thrown;
        }
        throw Object.assign(new AssertionError({ message: messageOf(thrown) }), { cause: thrown });
      }
    },
  }));
}
