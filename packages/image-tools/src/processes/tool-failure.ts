import type { Tool } from './tool.js';

/** How a program ended. */
export interface ToolExit {
  /** Absent where a signal ended it. */
  readonly exitCode: number | undefined;
  /** Name of the signal that ended it, if one did. */
  readonly signal: string | undefined;
  /** The last lines it wrote to its standard error, at most 8 KiB. */
  readonly stderr: string;
}

/**
 * A program that ran and failed. What that means for the image, its caller knows: this error is caught there and
 * never reaches the user.
 */
export class ToolFailure extends Error implements ToolExit {
  override readonly name = 'ToolFailure';
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stderr: string;

  constructor(tool: Tool, exit: ToolExit) {
    super(`${tool.command} ${describeExit(exit)}${exit.stderr === '' ? '' : `: ${exit.stderr}`}`);
    this.exitCode = exit.exitCode;
    this.signal = exit.signal;
    this.stderr = exit.stderr;
  }
}

function describeExit(exit: ToolExit): string {
  return exit.signal === undefined ? `ended with status ${exit.exitCode}` : `was ended by ${exit.signal}`;
}
