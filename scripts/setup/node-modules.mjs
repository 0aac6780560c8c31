import { statSync } from 'node:fs';
import { run, say, tail } from './command.mjs';

/** Installs what package-lock.json lists, unless that is in place already. Returns what went wrong, or nothing. */
export function installNodeModules() {
  if (modified('node_modules/.package-lock.json') >= modified('package-lock.json')) {
    return undefined;
  }
  say('installing the JavaScript dependencies with npm ci, as package-lock.json lists them (about 20 s) …');
  const args = ['ci', '--no-audit', '--no-fund'];
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
