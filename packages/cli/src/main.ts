import { endProcess, watchThreads } from './end-process.js';
import { describeExhaustion, describeShortage } from './exhaustion.js';
import { packageVersion } from './package-version.js';

/** Milliseconds that whatever is left open has to end by itself. */
const LEFTOVERS_END_MS = 200;

/** The exit code for a missing resource, before the module that knows them could be loaded. */
const UNAVAILABLE = 7;

const words = process.argv.slice(2);

if (words.length === 1 && words[0] === '--version') {
  // Answered without loading the rest.
  process.stdout.write(`${packageVersion()}\n`);
} else {
  watchThreads();
  const exitCode = await run();
  // Set, not passed to process.exit(), which would cut off what standard output has not taken yet.
  process.exitCode = exitCode;
  // What a plugin left running does not keep the command: it has done what it was asked.
  setTimeout(() => endProcess(exitCode), LEFTOVERS_END_MS).unref();
}

async function run(): Promise<number> {
  const shortage = describeShortage();
  if (shortage !== undefined) {
    return sayUnavailable(shortage);
  }
  try {
    const { runCommand } = await import('./run-command.js');
    return await runCommand(words);
  } catch (error) {
    const exhaustion = describeExhaustion(error);
    if (exhaustion === undefined) {
      throw error;
    }
    return sayUnavailable(exhaustion);
  }
}

function sayUnavailable(message: string): number {
  process.stderr.write(`virt-similarity: error: ${message}\n`);
  return UNAVAILABLE;
}
