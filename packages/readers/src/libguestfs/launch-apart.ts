import { VirtSimilarityError } from '@virt-similarity/core';
import type { ApplianceDrive } from './launch-appliance.js';

/** How many times longer than usual a launch may take. */
const TIMEOUT_FACTOR = 10;
/** Milliseconds that a launch may take in any case. */
const MIN_TIMEOUT_MS = 60_000;

/** The keys of drives: of a running appliance, in the order of its drives, or of a failed launch, with its error. */
export type LaunchedPart<A> =
  | { readonly outcome: 'running'; readonly keys: readonly string[]; readonly appliance: A }
  | { readonly outcome: 'failed'; readonly keys: readonly string[]; readonly error: VirtSimilarityError };

/**
 * Launches an appliance within the usual time or `timeoutMs` milliseconds; throws `unavailable` if it does not start.
 */
export type Launch<A> = (drives: readonly ApplianceDrive[], timeoutMs?: number) => Promise<A>;

type Entry = readonly [key: string, drive: ApplianceDrive];

/**
 * Launches an appliance with all drives. If that fails although an appliance without drives starts, a drive is at
 * fault: each half of the drives is then launched separately, and so on, until only faulty drives fail.
 *
 * @throws the error of `launch` if no appliance starts at all, and `aborted`. Nothing runs after an error.
 */
export async function launchApart<A extends { close(): Promise<void> }>(
  drives: ReadonlyMap<string, ApplianceDrive>,
  launch: Launch<A>,
): Promise<LaunchedPart<A>[]> {
  const whole = await launchPart([...drives], launch);
  if (whole.outcome === 'running') {
    return [whole];
  }
  const begin = performance.now();
  const control = await launchPart([], launch);
  if (control.outcome === 'failed') {
    throw whole.error;
  }
  await control.appliance.close();
  const timeoutMs = launchTimeout(performance.now() - begin);
  return launchHalves([...drives], whole, (some) => launch(some, timeoutMs));
}

async function launchHalves<A extends { close(): Promise<void> }>(
  entries: readonly Entry[],
  whole: LaunchedPart<A>,
  launch: Launch<A>,
): Promise<LaunchedPart<A>[]> {
  if (whole.outcome === 'running' || entries.length < 2) {
    return [whole];
  }
  const middle = Math.ceil(entries.length / 2);
  const parts: LaunchedPart<A>[] = [];
  try {
    for (const half of [entries.slice(0, middle), entries.slice(middle)]) {
      parts.push(...(await launchHalves(half, await launchPart(half, launch), launch)));
    }
    return parts;
  } catch (thrown) {
    await closeParts(parts);
    throw thrown;
  }
}

async function launchPart<A>(entries: readonly Entry[], launch: Launch<A>): Promise<LaunchedPart<A>> {
  const keys = entries.map(([key]) => key);
  try {
    return { outcome: 'running', keys, appliance: await launch(entries.map(([, drive]) => drive)) };
  } catch (thrown) {
    if (thrown instanceof VirtSimilarityError && thrown.code === 'unavailable') {
      return { outcome: 'failed', keys, error: thrown };
    }
    throw thrown;
  }
}

/** Returns the milliseconds that a launch may take if another one took `usualMs`. */
export function launchTimeout(usualMs: number): number {
  return Math.max(MIN_TIMEOUT_MS, TIMEOUT_FACTOR * usualMs);
}

/** Stops the appliances. Idempotent. */
export async function closeParts<A extends { close(): Promise<void> }>(
  parts: readonly LaunchedPart<A>[],
): Promise<void> {
  await Promise.all(parts.map((part) => (part.outcome === 'running' ? part.appliance.close() : undefined)));
}
