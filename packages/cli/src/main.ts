#!/usr/bin/env node
import { packageVersion } from './package-version.js';

const words = process.argv.slice(2);

if (words.length === 1 && words[0] === '--version') {
  // Answered without loading the rest.
  process.stdout.write(`${packageVersion()}\n`);
} else {
  const { runCommand } = await import('./run-command.js');
  // Set, not passed to process.exit(), which would cut off what standard output has not taken yet.
  process.exitCode = await runCommand(words);
}
