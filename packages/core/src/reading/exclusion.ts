import { createRequire } from 'node:module';
import { normalize } from 'node:path';
import { absolutePath } from '../files/absolute-path.js';

/** Returns whether an image or a directory is excluded. */
export type Exclusion = (path: string) => boolean;

/**
 * Returns the exclusion of paths by glob patterns, in which `*` and `?` also match a dot at the beginning of a name,
 * and `**` matches any number of directories. A pattern is compared with the end of a path: `*.iso` with the file name,
 * `old/*.img` with the names of the directory and the file. A pattern that begins with `/` is compared with the
 * absolute path. A leading `./` and trailing slashes of a pattern are ignored.
 */
export function exclusionOf(patterns: readonly string[]): Exclusion {
  if (patterns.length === 0) {
    return () => false;
  }
  // Loaded only if there are patterns.
  const require = createRequire(import.meta.url);
  const picomatch = require('picomatch') as typeof import('picomatch');
  const globs = patterns.map((pattern) => {
    const glob = pattern.replace(/^\.\//, '').replace(/(?<=.)\/+$/, '');
    return glob.startsWith('/') ? glob.slice(1) : `**/${glob}`;
  });
  const matches = picomatch(globs, { dot: true, strictSlashes: true });
  // With `**/`, picomatch matches no path that begins with a slash or contains `.` or `..`.
  return (path) => matches(normalize(absolutePath(path)).replace(/^\/+|(?<=.)\/+$/g, ''));
}
