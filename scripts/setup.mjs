/**
 * Prepares a fresh clone: JavaScript dependencies, system packages, build. Skips steps that are already done.
 *
 *   node scripts/setup.mjs demo     for the demo; missing packages are no error, because the demo then shows less
 *   node scripts/setup.mjs unit     for the unit tests, which need no system package
 *   node scripts/setup.mjs tests    for the tests
 *   node scripts/setup.mjs bench    for the benchmarks; a row reports if its peer is missing
 */
import { fileURLToPath } from 'node:url';
import { build } from './setup/build.mjs';
import { say } from './setup/command.mjs';
import { installNodeModules } from './setup/node-modules.mjs';
import { installSystemPackages } from './setup/system-packages.mjs';

const GOALS = ['demo', 'unit', 'tests', 'bench'];
const OLDEST_NODE = [20, 19];

function setUp(goal) {
  if (!GOALS.includes(goal)) {
    return `expected one of ${GOALS.join(', ')}, found ${goal ?? 'nothing'}`;
  }
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    return `needs Node.js ${OLDEST_NODE.join('.')} or later, found ${process.versions.node}; install it from https://nodejs.org`;
  }
  const missing = installSystemPackages(goal);
  const failure = installNodeModules() ?? build();
  if (failure !== undefined) {
    return failure;
  }
  if (missing.length > 0 && goal === 'tests') {
    return `the tests need ${missing.join(', ')}; install them as described above, then run this again`;
  }
  return undefined;
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const failure = setUp(process.argv[2]);
if (failure !== undefined) {
  say(failure);
  process.exitCode = 1;
}
