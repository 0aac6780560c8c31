import { killRunningCommands } from './command-run.js';
import { describeOptions, flag, type Options, readOptions, UsageError, type Values } from './options.js';

const EXIT_FOUND = 1;
const EXIT_USAGE = 2;
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** A program that tests the command or the library for a long time. */
export interface Harness<O extends Options> {
  /** Its script in package.json. */
  readonly name: `test:${string}`;
  /** What it does, in one sentence. */
  readonly purpose: string;
  readonly options: O;
  /** Returns `true` if no fault was found. */
  run(given: Values<O>): Promise<boolean>;
}

/**
 * Runs a harness with the words of its command line. Returns the exit code: 0 without faults, 1 with faults, 2 for an
 * invalid command line.
 *
 * @throws what `run` throws, except `UsageError`
 */
export async function runHarness<O extends Options>(harness: Harness<O>, words: readonly string[]): Promise<number> {
  try {
    const { help, ...given } = readOptions(words, { ...harness.options, ...HELP });
    if (help) {
      console.log(usageOf(harness));
      return 0;
    }
    killCommandsOnExit();
    return (await harness.run(given as Values<O>)) ? 0 : EXIT_FOUND;
  } catch (thrown) {
    if (thrown instanceof UsageError) {
      console.error(`${harness.name}: ${thrown.message}\n\n${usageOf(harness)}`);
      return EXIT_USAGE;
    }
    throw thrown;
  }
}

const HELP = { help: flag('prints this text') } as const;

function usageOf<O extends Options>({ name, purpose, options }: Harness<O>): string {
  return `${purpose}\n\nusage: npm run ${name} -- [OPTION]…\n${describeOptions({ ...options, ...HELP })}`;
}

/** Kills the commands when the harness exits: they run in separate sessions, which get no signals of the terminal. */
function killCommandsOnExit(): void {
  process.on('exit', killRunningCommands);
  for (const [signal, code] of Object.entries(SIGNALS)) {
    process.once(signal, () => process.exit(code));
  }
}
