import { endProcess, watchThreads } from './end-process.js';
import { describeExhaustion, describeShortage } from './exhaustion.js';
import { packageVersion } from './package-version.js';

/** Milliseconds that remaining work may take to end by itself. */
const EXIT_GRACE_MS = 200;

/** The exit code for a missing resource, repeated here because `exit-codes.js` may be impossible to load. */
const UNAVAILABLE = 7;

const words = process.argv.slice(2);

if (words.length === 1 && words[0] === '--version') {
  // Answered without loading the other modules.
  process.stdout.write(`${packageVersion()}\n`);
} else {
  watchThreads();
  const exitCode = await run();
  // process.exit() would lose output that is still buffered.
  process.exitCode = exitCode;
  // Ends the process even if a plugin has left something running.
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
  return UNAVAILABLE;
}
