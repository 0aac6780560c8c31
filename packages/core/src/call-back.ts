/**
 * Wraps an exception from a caller's callback, so that the exception ends the run instead of failing an image. The run
 * throws the exception itself.
 */
export class CallbackError {
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    this.thrown = thrown;
  }
}

/**
 * Calls a caller's callback.
 *
 * @throws `CallbackError` if the callback throws.
 */
export function callBack(call: () => void): void {
  try {
    call();
  } catch (thrown) {
    throw new CallbackError(thrown);
  }
}
