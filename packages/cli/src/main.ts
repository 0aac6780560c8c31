#!/usr/bin/env node
import { packageVersion } from './package-version.js';

/** Milliseconds that whatever is left open has to end by itself. */
const LEFTOVERS_END_MS = 200;

const words = process.argv.slice(2);

if (words.length === 1 && words[0] === '--version') {
  // Answered without loading the rest.
  process.stdout.write(`${packageVersion()}\n`);
} else {
  const { runCommand } = await import('./run-command.js');
  // Set, not passed to process.exit(), which would cut off what standard output has not taken yet.
  process.exitCode = await runCommand(words);
  // What a plugin left running does not keep the command: it has done what it was asked.
  setTimeout(() => process.exit(), LEFTOVERS_END_MS).unref();
}
