#!/usr/bin/env node
// npm links a package's commands before anything is built, so this file is committed and imports the built bundle.
import { existsSync } from 'node:fs';

/** The exit code for a missing resource. */
const UNAVAILABLE = 7;

const main = new URL('../bundle/main.js', import.meta.url);

if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write(
    'virt-similarity: error: this clone is not built: packages/cli/bundle/main.js is missing; run: npm run build\n',
  );
  process.exitCode = UNAVAILABLE;
}
