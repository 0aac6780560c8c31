import type { ToolLimits } from './tool-limits.js';

/** An external program. */
export interface Tool {
  /** Its name in `PATH`. */
  readonly command: string;
  /** The Debian package that contains it. */
  readonly package: string;
  /** Its limits where the defaults do not fit. */
  readonly limits?: Partial<ToolLimits> | undefined;
  /** Set if the program and everything that it started end by themselves once its standard input ends. */
  readonly endsWithInput?: true | undefined;
}
