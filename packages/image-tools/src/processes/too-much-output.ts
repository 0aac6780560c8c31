/** The cause of the error for a program that was ended because it printed more than its caller allows. */
export class TooMuchOutput extends Error {
  override readonly name = 'TooMuchOutput';
}
