/** An outside program. */
export interface Tool {
  /** Its name, as it is looked up in `PATH`. */
  readonly command: string;
  /** The Debian package that has it. */
  readonly package: string;
}
