import { spawn } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { documentSteps, runSteps } from '../dist/fixtures/document-steps.js';

const CLONE = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const PROJECT = fileURLToPath(new URL('./project', import.meta.url));
const BLOCK = 65_536;

/** Two images that differ in one block. */
const IMAGES = { 'a.raw': [1, 2, 3], 'b.raw': [1, 2, 4] };

/**
 * Runs a trial in `directory`, which must not exist yet: creates a project, installs the packages and runs the trial's
 * steps, or runs the commands of a document.
 *
 * @param tarballs paths of the packed packages, by name
 * @returns a description of the first problem, or `undefined` if every step succeeded
 */
export async function runTrial({ devDependencies = {}, files = {}, install, steps, document }, tarballs, directory) {
  if (document !== undefined) {
    return problemOfDocument(document, directory);
  }
  await makeProject({ devDependencies, files }, tarballs, directory);
  for (const step of [{ run: install }, ...steps]) {
    const problem = await problemOf(step, directory);
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
}

/** Runs the commands of a document in an empty directory. Returns a description of the first output that differs. */
async function problemOfDocument(document, directory) {
  await mkdir(directory);
  const steps = await documentSteps(join(CLONE, document));
  const outputs = await runSteps(steps, directory, { ...outsideOfNpm(), CLONE });
  const index = steps.findIndex(({ output = '' }, step) => outputs[step] !== output);
  return index < 0
    ? undefined
    : `${document}: ${steps[index].commands}expected\n${steps[index].output}found\n${outputs[index]}`;
}

async function makeProject({ devDependencies, files }, tarballs, directory) {
  await cp(PROJECT, directory, { recursive: true });
  const dependencies = Object.fromEntries(Object.entries(tarballs).map(([name, path]) => [name, `file:${path}`]));
  // The packages depend on each other by version, but no registry has them. npm finds them among the project's
  // dependencies; Yarn needs resolutions and pnpm needs overrides.
  const manifest = { private: true, type: 'module', dependencies, devDependencies, resolutions: dependencies };
  const overrides = Object.entries(dependencies).map(([name, path]) => `  '${name}': '${path}'\n`);
  const written = {
    'package.json': JSON.stringify(manifest),
    // The lines for pnpm in packages/hashers/README.md, and the overrides.
    'pnpm-workspace.yaml': `allowBuilds:\n  xxhash-addon: false\noverrides:\n${overrides.join('')}`,
    ...Object.fromEntries(Object.entries(IMAGES).map(([name, bytes]) => [name, imageOf(bytes)])),
    ...files,
  };
  for (const [name, content] of Object.entries(written)) {
    await writeFile(join(directory, name), content);
  }
}

function imageOf(bytes) {
  return Buffer.concat(bytes.map((byte) => Buffer.alloc(BLOCK, byte)));
}

/** Runs a step. Returns a description of a wrong exit status, output or error message, or `undefined`. */
async function problemOf({ run, stdout, stderr }, directory) {
  const ended = await runIn(directory, run);
  const hasToFail = stderr !== undefined;
  if ((ended.code !== 0) !== hasToFail) {
    const expected = hasToFail ? 'a failure' : 'success';
    return `${run}: expected ${expected}, found exit status ${ended.code}\n${ended.stdout}${ended.stderr}`;
  }
  if (stdout !== undefined && ended.stdout !== stdout) {
    return `${run}: expected the output\n${stdout}found\n${ended.stdout}${ended.stderr}`;
  }
  if (hasToFail && !stderr.test(ended.stderr)) {
    return `${run}: expected the message ${stderr}, found\n${ended.stderr}`;
  }
  return undefined;
}

async function runIn(directory, command) {
  const path = [join(directory, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  const child = spawn('sh', ['-c', command], {
    cwd: directory,
    env: { ...outsideOfNpm(), PATH: path, CI: 'true', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.on('close', resolve)),
  ]);
  return { code, stdout, stderr };
}

/** Returns the environment without the variables that `npm run` adds, which would act as settings of the project. */
function outsideOfNpm() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_OPTIONS$/.test(name)));
}
