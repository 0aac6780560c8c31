import type { Tool } from './tool.js';

/** How a program ended. */
export interface ToolExit {
  /** `undefined` if a signal ended the program. */
  readonly exitCode: number | undefined;
  /** Name of the signal that ended the program; `undefined` if no signal did. */
  readonly signal: string | undefined;
  /** The end of its standard error, at most 8192 characters. */
  readonly stderr: string;
}

/**
 * The error for a program that ran and failed. Only the caller knows what the failure means, so the caller must catch
 * this error and throw another error, which explains the failure to the user.
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
