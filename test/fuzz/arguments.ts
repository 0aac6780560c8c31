import { parseArgs } from 'node:util';
import { newSeed } from '../fixtures/seeded-random.js';

export const USAGE = `Feeds the inspector, the readers, hash-vector files, parsers and escapers with what they should not be fed.

  npm run test:fuzz                          100,000 executions
  npm run test:fuzz -- --quick               2,000 executions: under a minute
  --seed N                                   the inputs of an earlier run, which printed its seed
  --executions N                             another number
  --target NAME                              only this one; may be repeated
  --at N                                     only the execution with this number, with --seed and --target`;

/** How much is done. */
export interface FuzzArguments {
  readonly seed: number;
  readonly executions: number;
  /** Names; all if empty. */
  readonly targets: readonly string[];
  readonly at: number | undefined;
}

/** Throws an error with a message for the user where the words cannot be obeyed. */
export function readArguments(words: readonly string[]): FuzzArguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: 'boolean', default: false },
      seed: { type: 'string' },
      executions: { type: 'string' },
      target: { type: 'string', multiple: true, default: [] },
      at: { type: 'string' },
    },
  });
  return {
    seed: count(values.seed) ?? newSeed(),
    executions: count(values.executions) ?? (values.quick ? 2000 : 100_000),
    targets: values.target,
    at: count(values.at),
  };
}

function count(text: string | undefined): number | undefined {
  const number = Number(text);
  if (text !== undefined && !(Number.isSafeInteger(number) && number >= 0)) {
    throw new Error(`expected a whole number, found ${text}`);
  }
  return text === undefined ? undefined : number;
}
