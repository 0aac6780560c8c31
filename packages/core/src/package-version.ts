import { createRequire } from 'node:module';

/** The version of this package. */
export function packageVersion(): string {
  // One folder up, from the compiled modules as from the bundle.
  return (createRequire(import.meta.url)('../package.json') as { version: string }).version;
}
