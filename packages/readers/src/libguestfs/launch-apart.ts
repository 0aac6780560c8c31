import { VirtSimilarityError } from '@virt-similarity/core';
import type { ApplianceDrive } from './launch-appliance.js';

/** The factor by which a launch may take longer than a usual launch. */
const TIMEOUT_FACTOR = 10;
/** The minimum time limit of a launch, in milliseconds. */
const MIN_TIMEOUT_MS = 60_000;

/**
 * The drives of one launch, by their keys in the order of the drives, with the running appliance or with the error of
 * the failed launch.
 */
export type LaunchedPart<A> =
  | { readonly outcome: 'running'; readonly keys: readonly string[]; readonly appliance: A }
  | { readonly outcome: 'failed'; readonly keys: readonly string[]; readonly error: VirtSimilarityError };

/**
 * Launches an appliance within the usual time limit or within `timeoutMs` milliseconds, whichever is shorter. Throws
 * `unavailable` if the appliance does not start.
 */
export type Launch<A> = (drives: readonly ApplianceDrive[], timeoutMs?: number) => Promise<A>;

type Entry = readonly [key: string, drive: ApplianceDrive];

/**
 * Launches an appliance with all drives. If that fails although an appliance without drives starts, a drive is at
 * fault. The drives are then launched in two halves, and each half that fails is launched in two halves again, until
 * only faulty drives fail. The caller closes the running appliances, see `closeParts`.
 *
 * @throws the error of `launch` if no appliance starts at all; any error of `launch` other than `unavailable`. No
 * appliance is left running then.
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

/** Returns the time limit of a launch in milliseconds if another launch took `usualMs`. */
export function launchTimeout(usualMs: number): number {
  return Math.max(MIN_TIMEOUT_MS, TIMEOUT_FACTOR * usualMs);
}

/** Stops the running appliances of the parts. Idempotent. */
export async function closeParts<A extends { close(): Promise<void> }>(
  parts: readonly LaunchedPart<A>[],
): Promise<void> {
  await Promise.all(parts.map((part) => (part.outcome === 'running' ? part.appliance.close() : undefined)));
}
