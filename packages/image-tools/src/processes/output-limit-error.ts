/** The cause of the error for a program that was ended because it printed more than its caller allows. */
export class OutputLimitError extends Error {
  override readonly name = 'OutputLimitError';
}
