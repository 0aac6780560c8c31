import { parseArgs } from 'node:util';
import { newSeed } from '../fixtures/seeded-random.js';

export const USAGE = `Kills the command at random points, and runs many of it on one cache.

  npm run test:crash                200 kills, 50 rounds of eight processes
  npm run test:crash -- --quick     10 kills, 2 rounds: under a minute
  --seed N                          the random points of an earlier run, which printed its seed
  --kills N, --rounds N             other numbers`;

/** How much is done. */
export interface CrashArguments {
  readonly seed: number;
  readonly kills: number;
  /** Rounds of eight processes at once. */
  readonly rounds: number;
}

/** Throws an error with a message for the user where the words cannot be obeyed. */
export function readArguments(words: readonly string[]): CrashArguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: 'boolean', default: false },
      seed: { type: 'string' },
      kills: { type: 'string' },
      rounds: { type: 'string' },
    },
  });
  const count = (text: string | undefined, otherwise: number): number => {
    const number = text === undefined ? otherwise : Number(text);
    if (!Number.isSafeInteger(number) || number < 0) {
      throw new Error(`expected a whole number, found ${text}`);
    }
    return number;
  };
  return {
    seed: count(values.seed, newSeed()),
    kills: count(values.kills, values.quick ? 10 : 200),
    rounds: count(values.rounds, values.quick ? 2 : 50),
  };
}
