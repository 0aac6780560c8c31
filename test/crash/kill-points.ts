import { watch } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '../fixtures/seeded-random.js';
import type { CommandRun } from '../harness/command-run.js';
import type { Stage } from './stage.js';

/** The phases of a run in which it is killed. */
export const KILL_TIMES = ['at any time', 'while the cache is written to', 'while children are at work'] as const;

export type KillTime = (typeof KILL_TIMES)[number];

/** A moment at which a run is killed. */
export interface KillPoint {
  /** A description such as `after 120 ms`. */
  readonly title: string;
  /** Resolves at that moment. Never resolves if the run does not reach it. */
  reached(stage: Stage): Promise<void>;
}

/** The most milliseconds between the awaited event and the kill. */
const LONGEST_LAG_MS = { cache: 4, children: 120 };

/**
 * Returns a random moment in a phase.
 *
 * @param durationMs the duration of a run that is not killed
 * @param images the number of images of the run
 */
export function killPoint(time: KillTime, random: SeededRandom, durationMs: number, images: number): KillPoint {
  if (time === 'at any time') {
    const ms = Math.round(durationMs * (0.1 + 0.95 * random.fraction()));
    return { title: `after ${ms} ms`, reached: () => delay(ms) };
  }
  if (time === 'while the cache is written to') {
    // A temporary file is created, written to several times, and linked to its name.
    const events = 1 + random.below(4 * images);
    const lag = random.fraction() * LONGEST_LAG_MS.cache;
    const title = `${lag.toFixed(1)} ms after event ${events} in the cache`;
    return { title, reached: ({ cache }) => afterEvents(cache, events, lag) };
  }
  const lag = random.fraction() * LONGEST_LAG_MS.children;
  const title = `${lag.toFixed(0)} ms after the run created its directory for sockets`;
  return { title, reached: ({ temporary }) => afterEvents(temporary, 1, lag) };
}

/** Kills a run at a point, and waits for its end. Returns whether the kill ended it. */
export async function killAt(point: KillPoint, run: CommandRun, stage: Stage): Promise<boolean> {
  const kill = point.reached(stage).then(() => run.process.kill('SIGKILL'));
  await Promise.race([kill, run.ended]);
  return (await run.ended).signal === 'SIGKILL';
}

/** Resolves `lagMs` milliseconds after `events` changes in a directory. Never resolves if there are fewer changes. */
export async function afterEvents(directory: string, events: number, lagMs: number): Promise<void> {
  const watcher = watch(directory);
  await new Promise<void>((resolve) => {
    let seen = 0;
    watcher.on('change', () => {
      seen += 1;
      if (seen >= events) {
        resolve();
      }
    });
    watcher.unref();
  });
  watcher.close();
  await delay(lagMs);
}
