import type { Diagnosis } from './diagnosis.js';

/**
 * What of the outside things that readers use is there, with versions. Runs each program once, for its version.
 * Throws `aborted`.
 */
export async function diagnose(signal?: AbortSignal): Promise<Diagnosis[]> {
  // Loaded here, as hardly any run wants it.
  const { diagnoseAll } = await import('./diagnosis.js');
  return diagnoseAll(signal);
}
