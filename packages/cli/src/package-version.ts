import { createRequire } from 'node:module';

/** Returns the version of this package. */
export function packageVersion(): string {
  // The package.json is one folder above both dist/ and bundle/.
  return (createRequire(import.meta.url)('../package.json') as { version: string }).version;
}
