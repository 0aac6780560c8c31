import { createRequire } from 'node:module';

/** Returns the version of this package. */
export function packageVersion(): string {
  // One folder up, both from dist/ and from bundle/.
  return (createRequire(import.meta.url)('../package.json') as { version: string }).version;
}
