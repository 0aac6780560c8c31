import { cp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SeededRandom } from '../fixtures/seeded-random.js';
import type { CrashTally } from './faults.js';
import { KILL_TIMES, type KillTime, killAt, killPoint } from './kill-points.js';
import { type CacheState, inputStates, leftovers, verifyCache, verifyVectors } from './leavings.js';
import type { Stage } from './stage.js';

/** Runs for each kill at most: some have ended before the moment comes. */
const MOST_ATTEMPTS = 4;
const COMMANDS = ['analyze', 'analyze', 'hash'] as const;

type CommandName = (typeof COMMANDS)[number];

/** What runs that were never killed print and write. */
interface Reference {
  /** The distances of all pairs, as JSON. */
  readonly analysis: string;
  /** The bytes of each hash-vector file by its name, in hexadecimal. */
  readonly vectors: string;
  readonly durationMs: number;
}

/** The words of the command line for a run on all images of the stage. */
export function wordsOf(command: CommandName, { images }: Stage): string[] {
  const output = command === 'hash' ? ['--output', 'vectors'] : ['--output-format', 'json'];
  return [command, '--jobs', '2', ...output, '--', ...images];
}

/** Runs the command in peace. Throws where that alone fails: then there is nothing to compare with. */
export async function takeReference(stage: Stage): Promise<Reference> {
  // The first run finds nothing of the program or the images in the page cache, which those that are killed do.
  await timedAnalysis(stage);
  const { analysis, durationMs } = await timedAnalysis(stage);
  const hash = await stage.start(wordsOf('hash', stage)).ended;
  if (analysis.exit !== 0 || hash.exit !== 0) {
    throw new Error(`a run that nobody killed failed: ${analysis.stderr}${hash.stderr}`);
  }
  return { analysis: analysis.stdout, vectors: await vectorFiles(stage), durationMs };
}

async function timedAnalysis(stage: Stage) {
  await stage.clear();
  const start = Date.now();
  const analysis = await stage.start(wordsOf('analyze', stage)).ended;
  return { analysis, durationMs: Date.now() - start };
}

/** Kills runs at random points, each followed by a run that nobody kills and that goes on from there. */
export async function killRounds(stage: Stage, seed: number, kills: number, tally: CrashTally): Promise<void> {
  const reference = await takeReference(stage);
  const inputs = await inputStates(stage);
  console.log(`a run takes ${reference.durationMs} ms; ${stage.images.length} images`);
  await stage.clear();
  let full = false;
  for (let number = 0; tally.counted('kills') < kills && number < MOST_ATTEMPTS * kills; number += 1) {
    const random = new SeededRandom(seed, 'kill', number);
    // Some runs begin with an empty cache, the others with what earlier kills left of it, so that all of it is reached.
    if (full || random.below(3) === 0) {
      await stage.clear();
    } else {
      await stage.clearVectors();
    }
    full = await killRound(stage, random, { reference, number }, tally);
    if ((await inputStates(stage)) !== inputs) {
      tally.fault('changed inputs', `kill ${number}`, 'an image was touched');
    }
  }
  const missed = kills - tally.counted('kills');
  if (missed > 0) {
    tally.fault('missed kills', 'all kills', `${missed} of ${kills} moments never came`);
  }
}

/** Gives whether the cache holds all images: of some kills, the next run finds what they left, not what went on from it. */
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
    tally.count('kills that left files for the next run to remove at once');
  }
  if (after.entries.length > before.entries.length) {
    tally.count('kills after which the cache held more');
  }
  const isForNext = random.below(2) === 0 && after.entries.length < stage.images.length;
  const kept = `${stage.cache}.kept`;
  if (isForNext) {
    await cp(stage.cache, kept, { recursive: true, preserveTimestamps: true });
  }
  await goOn(stage, { command, reference, before: after, where }, tally);
  if (!isForNext) {
    return true;
  }
  await rm(stage.cache, { recursive: true });
  await rename(kept, stage.cache);
  return false;
}

/** The kind of moment at which runs were killed least often, so that all come about equally often, or are missed. */
function rarestTime(tally: CrashTally): KillTime {
  const times = [...KILL_TIMES];
  return times.sort((one, other) => tally.counted(`kills ${one}`) - tally.counted(`kills ${other}`))[0]!;
}

/** A run after a kill: succeeds, with the right result, and reads no image again that the cache holds. */
async function goOn(stage: Stage, { command, reference, before, where }: GoingOn, tally: CrashTally): Promise<void> {
  tally.count('reruns');
  const run = stage.start(wordsOf(command, stage));
  const { exit, signal, stdout, stderr } = await run.ended;
  if (signal !== null) {
    tally.fault('hangs', where, 'the rerun did not end');
  } else if (exit !== 0) {
    tally.fault('losses', where, `the rerun ended with ${exit}: ${stderr}`);
  }
  const isRight =
    command === 'analyze' ? stdout === reference.analysis : (await vectorFiles(stage)) === reference.vectors;
  if (!isRight) {
    tally.fault('wrong results', where, 'the rerun gave another result');
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

interface GoingOn {
  readonly command: CommandName;
  readonly reference: Reference;
  /** What the cache holds before. */
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
