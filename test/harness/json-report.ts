import type { CommandEnd } from './command-run.js';

/** The parts of a JSON report that are looked at. */
export interface JsonReport {
  readonly images: readonly { readonly path: string }[];
  readonly failures: readonly { readonly path: string; readonly code: string }[];
  /** The condensed matrix. */
  readonly distances: readonly number[];
}

/** The report that a run printed; nothing where it printed none. */
export function readReport({ stdout }: Pick<CommandEnd, 'stdout'>): JsonReport | undefined {
  try {
    return JSON.parse(stdout) as JsonReport;
  } catch {
    return undefined;
  }
}
