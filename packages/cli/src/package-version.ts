import { createRequire } from 'node:module';

/** The version of this package. */
export function packageVersion(): string {
  // As right from the bundle as from the compiled modules.
  return (createRequire(import.meta.url)('../package.json') as { version: string }).version;
}
