import type { ToolLimits } from './tool-limits.js';

/** An outside program. */
export interface Tool {
  /** Its name, as it is looked up in `PATH`. */
  readonly command: string;
  /** The Debian package that has it. */
  readonly package: string;
  /** What it may use, where the defaults do not fit. */
  readonly limits?: Partial<ToolLimits>;
  /** Set where it ends by itself, and with all that it started, once its standard input does. */
  readonly endsWithInput?: true;
}
