/** Installs the packed packages as users do, with package managers, compilers and bundlers, and runs a program. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { runTrial } from './run-trial.mjs';
import { TRIALS } from './trials.mjs';

const USAGE = `Installs and runs the packages in separate projects. Needs the npm registry.

  npm run test:consumers                all trials, in about ten minutes
  npm run test:consumers -- --quick     the tutorial, npm with and without optional packages, CommonJS, node:test, esbuild and one
                                        TypeScript, in five minutes
  --only NAME                           only trials whose names contain NAME; may be repeated`;

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));

/**
 * Returns the trials that the command line selects.
 *
 * @throws Error with a message for the user if the words are not valid options or select no trial
 */
function chosenTrials(words) {
  const { values } = parseArgs({
    args: words,
    options: { quick: { type: 'boolean', default: false }, only: { type: 'string', multiple: true } },
  });
  const isNamed = ({ name }) => values.only?.some((part) => name.includes(part)) ?? true;
  const trials = TRIALS.filter((trial) => (trial.isQuick === true || !values.quick) && isNamed(trial));
  if (trials.length === 0) {
    throw new Error(
      `expected a part of a trial's name, found ${values.only}; trials: ${TRIALS.map(({ name }) => name).join(', ')}`,
    );
  }
  return trials;
}

/** Packs all packages. Returns the paths of the tarballs by package name. */
async function pack(directory) {
  await mkdir(directory);
  const words = ['pack', '--json', '--pack-destination', directory, '--workspaces'];
  const { stdout } = await promisify(execFile)('npm', words, { maxBuffer: 2 ** 26 });
  const packed = Object.values(JSON.parse(stdout)).filter(({ name }) => PACKAGES.test(name));
  return Object.fromEntries(packed.map(({ name, filename }) => [name, join(directory, filename)]));
}

/** Matches the names of published packages, but not those of other workspaces. */
const PACKAGES = /^(virt-similarity|@virt-similarity\/.*)$/;

async function main(trials) {
  const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-consumers-'));
  let failed = 0;
  try {
    const tarballs = await pack(join(directory, 'tarballs'));
    for (const [index, trial] of trials.entries()) {
      const started = performance.now();
      const project = join(directory, `project-${index}`);
      const problem = await runTrial(trial, tarballs, project);
      failed += problem === undefined ? 0 : 1;
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      console.log(`${problem === undefined ? 'ok    ' : 'FAILED'} ${trial.name} (${seconds} s)`);
      if (problem !== undefined) {
        console.log(problem);
      }
      await rm(project, { recursive: true });
    }
  } finally {
    await rm(directory, { recursive: true });
  }
  console.log(`consumers: ${trials.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(chosenTrials(process.argv.slice(2)));
} catch (thrown) {
  console.error(`test:consumers: ${thrown instanceof Error ? thrown.message : thrown}\n\n${USAGE}`);
  process.exitCode = 2;
}
