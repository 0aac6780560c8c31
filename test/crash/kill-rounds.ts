import { cp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SeededRandom } from '../fixtures/seeded-random.js';
import type { CrashTally } from './faults.js';
import { KILL_TIMES, type KillTime, killAt, killPoint } from './kill-points.js';
import { type CacheState, inputStates, leftovers, verifyCache, verifyVectors } from './leavings.js';
import type { Stage } from './stage.js';

/** The most runs per requested kill. There is a limit because some runs end before they are killed. */
const MOST_ATTEMPTS = 4;
const COMMANDS = ['analyze', 'analyze', 'hash'] as const;

type CommandName = (typeof COMMANDS)[number];

/** The output of runs that were not killed. */
interface Reference {
  /** The distances of all pairs, as JSON. */
  readonly analysis: string;
  /** The names of the hash-vector files with their bytes in hexadecimal, as JSON. */
  readonly vectors: string;
  readonly durationMs: number;
}

/** Returns the words of the command line for a run on all images of the stage. */
export function wordsOf(command: CommandName, { images }: Stage): string[] {
  const output = command === 'hash' ? ['--output', 'vectors'] : ['--output-format', 'json'];
  return [command, '--jobs', '2', ...output, '--', ...images];
}

/**
 * Runs `analyze` and `hash` without killing them, and returns their outputs. Empties the cache first; the runs then
 * fill it.
 *
 * @throws Error if a run fails, because its output cannot be compared then
 */
export async function takeReference(stage: Stage): Promise<Reference> {
  // Warms up the page cache: later runs find the program and the images there.
  await timedAnalysis(stage);
  const { analysis, durationMs } = await timedAnalysis(stage);
  const hash = await stage.start(wordsOf('hash', stage)).ended;
  if (analysis.exit !== 0 || hash.exit !== 0) {
    throw new Error(`a run that was not killed failed: ${analysis.stderr}${hash.stderr}`);
  }
  return { analysis: analysis.stdout, vectors: await vectorFiles(stage), durationMs };
}

async function timedAnalysis(stage: Stage) {
  await stage.clear();
  const start = Date.now();
  const analysis = await stage.start(wordsOf('analyze', stage)).ended;
  return { analysis, durationMs: Date.now() - start };
}

/** Kills runs at random points. After each kill, a run that is not killed continues with the files that were left. */
export async function killRounds(stage: Stage, seed: number, kills: number, tally: CrashTally): Promise<void> {
  const reference = await takeReference(stage);
  const inputs = await inputStates(stage);
  console.log(`a run takes ${reference.durationMs} ms; ${stage.images.length} images`);
  await stage.clear();
  let full = false;
  for (let number = 0; tally.counted('kills') < kills && number < MOST_ATTEMPTS * kills; number += 1) {
    const random = new SeededRandom(seed, 'kill', number);
    // Some runs start with an empty cache, others with the cache that earlier kills left, so that every entry is
    // reached.
    if (full || random.below(3) === 0) {
      await stage.clear();
    } else {
      await stage.clearVectors();
    }
    full = await killRound(stage, random, { reference, number }, tally);
    if ((await inputStates(stage)) !== inputs) {
      tally.fault('changed inputs', `kill ${number}`, 'an image was changed');
    }
  }
  const missed = kills - tally.counted('kills');
  if (missed > 0) {
    tally.fault('missed kills', 'all kills', `${missed} of ${kills} runs ended before their moments came`);
  }
}

/**
 * Kills one run, and checks the run after it. In some rounds, the cache is finally restored to its state just after the
 * kill, for the next round. Returns whether the cache then contains all images.
 */
async function killRound(
  stage: Stage,
  random: SeededRandom,
  { reference, number }: { readonly reference: Reference; readonly number: number },
  tally: CrashTally,
): Promise<boolean> {
  const command = random.oneOf(COMMANDS);
  const time = rarestTime(tally);
  const point = killPoint(time, random, reference.durationMs, stage.images.length);
  const where = `kill ${number} (${command}, ${point.title})`;
  const before = await verifyCache(stage, tally, where);
  const run = stage.start(wordsOf(command, stage));
  const killed = await killAt(point, run, stage);
  tally.count(killed ? 'kills' : 'runs that ended before they were killed');
  if (killed) {
    tally.count(`kills ${time}`);
  }
  const orphans = await run.orphans();
  if (orphans.length > 0) {
    tally.fault('orphans', where, orphans.join(', '));
  }
  const after = await verifyCache(stage, tally, where);
  requireKept(before, after, tally, where);
  await verifyVectors(stage, tally, where);
  const left = await leftovers(stage);
  if (left.length > 0) {
    tally.count('kills after which files were left for the next run to remove');
  }
  if (after.entries.length > before.entries.length) {
    tally.count('kills after which the cache had more entries');
  }
  const isForNext = random.below(2) === 0 && after.entries.length < stage.images.length;
  const kept = `${stage.cache}.kept`;
  if (isForNext) {
    await cp(stage.cache, kept, { recursive: true, preserveTimestamps: true });
  }
  await rerun(stage, { command, reference, before: after, where }, tally);
  if (!isForNext) {
    return true;
  }
  await rm(stage.cache, { recursive: true });
  await rename(kept, stage.cache);
  return false;
}

/** Returns the phase in which the fewest runs were killed, so that all phases occur about equally often. */
function rarestTime(tally: CrashTally): KillTime {
  const times = [...KILL_TIMES];
  return times.sort((one, other) => tally.counted(`kills ${one}`) - tally.counted(`kills ${other}`))[0]!;
}

/** Runs the command after a kill: it must succeed with the right result and must not hash cached images again. */
async function rerun(stage: Stage, { command, reference, before, where }: Rerun, tally: CrashTally): Promise<void> {
  tally.count('reruns');
  const run = stage.start(wordsOf(command, stage));
  const { exit, signal, stdout, stderr } = await run.ended;
  if (signal !== null) {
    tally.fault('hangs', where, 'the rerun did not end');
  } else if (exit !== 0) {
    tally.fault('losses', where, `the rerun exited with ${exit}: ${stderr}`);
  }
  const isRight =
    command === 'analyze' ? stdout === reference.analysis : (await vectorFiles(stage)) === reference.vectors;
  if (!isRight) {
    tally.fault('wrong results', where, 'the rerun returned another result');
  }
  for (const image of before.images) {
    if (stderr.includes(`${image}: hashed`)) {
      tally.fault('losses', where, `${image} was hashed again`);
    }
  }
  requireKept(before, await verifyCache(stage, tally, where), tally, where);
  const left = [...(await leftovers(stage)), ...(await run.orphans())];
  if (left.length > 0) {
    tally.fault('leftovers', where, left.join(', '));
  }
}

interface Rerun {
  readonly command: CommandName;
  readonly reference: Reference;
  /** The state of the cache before the run. */
  readonly before: CacheState;
  readonly where: string;
}

function requireKept(before: CacheState, after: CacheState, tally: CrashTally, where: string): void {
  for (const entry of before.entries) {
    if (!after.entries.includes(entry)) {
      tally.fault('losses', where, `${entry} is gone`);
    }
  }
}

async function vectorFiles({ vectors }: Stage): Promise<string> {
  const names = (await readdir(vectors)).filter((name) => name.endsWith('.arrow')).sort();
  const files = names.map(async (name) => [name, (await readFile(join(vectors, name))).toString('hex')]);
  return JSON.stringify(await Promise.all(files));
}
