import { existsSync, statSync } from 'node:fs';
import { run, say, tail } from './command.mjs';

/** The link to the command. npm creates it only during installation, so an older installation can lack it. */
const COMMAND_LINK = 'node_modules/.bin/virt-similarity';

/** Installs the dependencies in package-lock.json unless they are up to date. Returns an error message, or nothing. */
export function installNodeModules() {
  if (existsSync(COMMAND_LINK) && modified('node_modules/.package-lock.json') >= modified('package-lock.json')) {
    return undefined;
  }
  say('installing the JavaScript dependencies with npm ci (about 20 s) …');
  // Dependencies with compiled code include it; their install scripts would only try to build it.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  let result = run('npm', args);
  if (!result.ok) {
    say('npm ci failed; trying once more …');
    result = run('npm', args);
  }
  return result.ok
    ? undefined
    : `${tail(result.output)}\nnpm ci failed; check that the npm registry is reachable, then run this again`;
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
