import type { CommandEnd } from './command-run.js';

/** The parts of a JSON report that the harnesses check. */
export interface JsonReport {
  readonly images: readonly { readonly path: string }[];
  readonly failures: readonly { readonly path: string; readonly code: string }[];
  /** The condensed matrix. */
  readonly distances: readonly number[];
}

/** Returns the report that a run printed, or `undefined` if its output is not JSON. */
export function readReport({ stdout }: Pick<CommandEnd, 'stdout'>): JsonReport | undefined {
  try {
    return JSON.parse(stdout) as JsonReport;
  } catch {
    return undefined;
  }
}
