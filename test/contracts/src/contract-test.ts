import { AssertionError } from 'node:assert/strict';
import { messageOf } from '@virt-similarity/core';

/** One requirement of a contract, for any test runner: `test(title, run)`. */
export interface ContractTest {
  readonly title: string;
  /** Rejects with an `AssertionError` if the requirement is not met. */
  run(): Promise<void>;
}

/** Wraps the tests so that any other error becomes the cause of an `AssertionError`. */
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
