import { createRequire } from 'node:module';

/** Returns the version of this package. */
export function packageVersion(): string {
  // One folder up from both the compiled modules and the bundle.
  return (createRequire(import.meta.url)('../package.json') as { version: string }).version;
}
