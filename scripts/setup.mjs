/**
 * Makes a fresh clone ready: JavaScript dependencies, system packages, build. Steps that are done already cost nothing.
 *
 *   node scripts/setup.mjs demo     what the demo needs; without qemu-utils it shows less, so that is no failure
 *   node scripts/setup.mjs tests    what the tests need
 *   node scripts/setup.mjs bench    what the benchmarks compare with; a row whose peer is missing says so
 */
import { fileURLToPath } from 'node:url';
import { build } from './setup/build.mjs';
import { say } from './setup/command.mjs';
import { installNodeModules } from './setup/node-modules.mjs';
import { installSystemPackages } from './setup/system-packages.mjs';

const GOALS = ['demo', 'tests', 'bench'];
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
    return `the tests need ${missing.join(', ')}; install them as said above, then run this again`;
  }
  return undefined;
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const failure = setUp(process.argv[2]);
if (failure !== undefined) {
  say(failure);
  process.exitCode = 1;
}
