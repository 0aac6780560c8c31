import type { ToolLimits } from './tool-limits.js';

/** An external program. */
export interface Tool {
  /** Its name in `PATH`. */
  readonly command: string;
  /** The Debian package that contains it. */
  readonly package: string;
  /** The limits that differ from the defaults. */
  readonly limits?: Partial<ToolLimits> | undefined;
  /** Set if the program, and every process that it starts, ends once the program's standard input ends. */
  readonly endsWithInput?: true | undefined;
}
