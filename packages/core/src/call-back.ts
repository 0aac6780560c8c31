/** What a callback of the caller threw: it ends the run as it is, and is no image's failure. */
export class CallbackError {
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    this.thrown = thrown;
  }
}

/**
 * Calls back.
 *
 * @throws `CallbackError` where the callback throws, so that nobody takes it for a failure of their own.
 */
export function callBack(call: () => void): void {
  try {
    call();
  } catch (thrown) {
    throw new CallbackError(thrown);
  }
}
