import { endProcess, watchThreads } from './end-process.js';
import { describeExhaustion, describeShortage } from './exhaustion.js';
import { exitCodeOf } from './exit-codes.js';
import { packageVersion } from './package-version.js';

/** Time in milliseconds for remaining work to finish before the process is ended. */
const EXIT_GRACE_MS = 200;

const words = process.argv.slice(2);

if (words.length === 1 && words[0] === '--version') {
  // Answered before `run-command.js` and its dependencies are loaded.
  process.stdout.write(`${packageVersion()}\n`);
} else {
  watchThreads();
  const exitCode = await run();
  // process.exit() would lose output that is still buffered.
  process.exitCode = exitCode;
  // Ends the process even if a plugin left a timer or a thread running.
  setTimeout(() => endProcess(exitCode), EXIT_GRACE_MS).unref();
}

async function run(): Promise<number> {
  const shortage = describeShortage();
  if (shortage !== undefined) {
    return reportUnavailable(shortage);
  }
  try {
    const { runCommand } = await import('./run-command.js');
    return await runCommand(words);
  } catch (error) {
    const exhaustion = describeExhaustion(error);
    if (exhaustion === undefined) {
      throw error;
    }
    return reportUnavailable(exhaustion);
  }
}

function reportUnavailable(message: string): number {
  process.stderr.write(`virt-similarity: error: ${message}\n`);
  return exitCodeOf('unavailable');
}
