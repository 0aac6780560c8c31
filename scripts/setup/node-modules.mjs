import { existsSync, statSync } from 'node:fs';
import { run, say, tail } from './command.mjs';

/** npm links it only while it installs: an older installation may lack it, whatever its times are. */
const COMMAND_LINK = 'node_modules/.bin/virt-similarity';

/** Installs what package-lock.json lists, unless that is in place already. Returns what went wrong, or nothing. */
export function installNodeModules() {
  if (existsSync(COMMAND_LINK) && modified('node_modules/.package-lock.json') >= modified('package-lock.json')) {
    return undefined;
  }
  say('installing the JavaScript dependencies with npm ci, as package-lock.json lists them (about 20 s) …');
  // Every dependency with compiled code carries it along; install scripts would only try to build it.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  let result = run('npm', args);
  if (!result.ok) {
    say('npm ci failed; trying once more …');
    result = run('npm', args);
  }
  return result.ok
    ? undefined
    : `${tail(result.output)}\nnpm ci failed; check that the npm registry can be reached, then run this again`;
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
