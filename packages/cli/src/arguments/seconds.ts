/** Seconds: what timers can be set to, in round numbers. */
export const LONGEST_TIMEOUT = 1_000_000;

/** Seconds that a plugin has for each answer unless the user says otherwise. */
export const DEFAULT_PLUGIN_TIMEOUT = 60;

/** Seconds from `60` or `0.5`; `undefined` if they are not from 0 to {@link LONGEST_TIMEOUT}. */
export function parseSeconds(text: string): number | undefined {
  const seconds = /^\d{1,7}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  return seconds <= LONGEST_TIMEOUT ? seconds : undefined;
}
