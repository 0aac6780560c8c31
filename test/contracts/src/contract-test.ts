/** One requirement of a contract, for any test runner: `test(title, run)`. */
export interface ContractTest {
  readonly title: string;
  /** Rejects with an `AssertionError` where the requirement is not met. */
  run(): Promise<void>;
}
