import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { convert, overlay, runTool, writeRawContent } from '../fixtures/index.js';
import { SeededRandom } from '../fixtures/seeded-random.js';
import type { CrashTally } from './faults.js';
import { afterEvents } from './kill-points.js';
import { Stage } from './stage.js';

const MiB = 2 ** 20;
/** The most runs per requested kill. There is a limit because some runs end before they are killed. */
const MOST_ATTEMPTS = 4;
const BASES = ['existing', 'synthetic'] as const;
const RAW = ['a.raw', 'b.raw', 'c.raw', 'plain.raw'];
const QCOW2 = ['d.qcow2', 'top.qcow2'];
const IMAGES = [...RAW, ...QCOW2];
/** An upper bound of the changes that a run makes in the directory of the images, per image. */
const EVENTS_PER_IMAGE = 10;
const LONGEST_LAG_MS = 3;

/** A directory with four clones, and an unrelated image with an overlay. */
class PlanStage extends Stage {
  static override async make(): Promise<PlanStage> {
    const directory = await Stage.makeDirectory();
    const common = { offset: 0, length: 6 * MiB, seed: 'common' };
    for (const [number, name] of [...RAW.slice(0, 3), 'd.raw'].entries()) {
      const own = { offset: MiB + number * 300_000, length: 200_000 + number * 100_000, seed: name };
      await writeRawContent(join(directory, name), 10 * MiB, [
        common,
        own,
        { offset: 8 * MiB, length: 65_536, seed: name },
      ]);
    }
    await convert(join(directory, 'd.raw'), join(directory, 'd.qcow2'), 'qcow2');
    await rm(join(directory, 'd.raw'));
    await writeRawContent(join(directory, 'plain.raw'), 4 * MiB, [{ offset: 0, length: MiB, seed: 'unrelated' }]);
    await overlay(join(directory, 'plain.raw'), join(directory, 'top.qcow2'), 'raw');
    const stage = new PlanStage(directory, IMAGES);
    await stage.clear();
    return stage;
  }

  /** Writes a plan. Each round needs a new plan: a rollback restores the images, but their times have changed. */
  async plan(bases: string): Promise<void> {
    const words = ['plan', '--bases', bases, '-O', 'json', '--format', 'raw', ...RAW, '--format', 'qcow2', ...QCOW2];
    const { exit, stdout, stderr } = await this.start(words).ended;
    if (exit !== 0) {
      throw new Error(`planning failed: ${stderr}`);
    }
    await this.write(`${bases}.json`, stdout);
  }

  apply(bases: string, ...words: readonly string[]) {
    return this.start(['apply', '--accept-format-change', ...words, `${bases}.json`]);
  }

  /** Returns the digest of each disk, read by qemu. */
  async contents(): Promise<string> {
    const digests = IMAGES.map(async (name) => {
      const content = join(this.temporary, `${name}.content`);
      await runTool('qemu-img', ['convert', '-O', 'raw', join(this.directory, name), content]);
      const digest = createHash('sha256')
        .update(await readFile(content))
        .digest('hex');
      await rm(content);
      return digest;
    });
    return (await Promise.all(digests)).join('\n');
  }

  /** Returns the files besides plans and journals, with their inodes, permissions and sizes. */
  async files(): Promise<string> {
    const names = (await readdir(this.directory)).filter(
      (name) => !/json|similarity-cache|temporary|vectors/.test(name),
    );
    const files = names.sort().map(async (name) => {
      const { ino, mode, size } = await stat(join(this.directory, name));
      return `${name} ${ino} ${mode.toString(8)} ${size}`;
    });
    return (await Promise.all(files)).join('\n');
  }
}

/**
 * Kills `apply` at random points. Immediately after each kill, every image must have its original content. In half of
 * the rounds, the plan is then resumed to its end. Finally, the plan is rolled back if it was begun. This must restore
 * the original files, not copies of them.
 */
export async function applyRounds(seed: number, kills: number, tally: CrashTally): Promise<void> {
  const stage = await PlanStage.make();
  try {
    const contents = await stage.contents();
    const files = await stage.files();
    const durationMs = await durationOf(stage);
    console.log(`applying a plan takes ${durationMs} ms`);
    for (let number = 0; tally.counted('kills of apply') < kills && number < MOST_ATTEMPTS * kills; number++) {
      const random = new SeededRandom(seed, 'apply', number);
      const bases = BASES[number % BASES.length]!;
      const where = `apply ${number} (${bases})`;
      const check = async (moment: string) => {
        if ((await stage.contents()) !== contents) {
          tally.fault('losses', where, `another content ${moment}`);
        }
      };
      await stage.plan(bases);
      const run = stage.apply(bases);
      await Promise.race([momentOf(stage, random, durationMs), run.ended]);
      run.process.kill('SIGKILL');
      const killed = (await run.ended).signal === 'SIGKILL';
      tally.count(killed ? 'kills of apply' : 'runs of apply that ended before they were killed');
      const orphans = await run.orphans();
      if (orphans.length > 0) {
        tally.fault('orphans', where, orphans.join(', '));
      }
      await check('after the kill');
      if (random.below(2) === 0) {
        await finish(stage, bases, ['--resume'], tally, where);
        await check('after the plan was resumed');
        tally.count('plans that were resumed');
      }
      await undo(stage, bases, random, tally, where);
      await check('after the plan was rolled back');
      if ((await stage.files()) !== files) {
        tally.fault(
          'leftovers',
          where,
          `other files after the plan was rolled back:\n${await stage.files()}\nnot\n${files}`,
        );
      }
    }
  } finally {
    await stage.remove();
  }
}

async function durationOf(stage: PlanStage): Promise<number> {
  await stage.plan('synthetic');
  const start = Date.now();
  const { exit, stderr } = await stage.apply('synthetic').ended;
  const duration = Date.now() - start;
  if (exit !== 0 || (await stage.apply('synthetic', '--rollback').ended).exit !== 0) {
    throw new Error(`applying a plan without a kill failed: ${stderr}`);
  }
  await rm(join(stage.directory, 'synthetic.json.journal'));
  return duration;
}

/** Resolves at a random moment: at any time, or just after a change in the directory of the images. */
function momentOf({ directory }: Stage, random: SeededRandom, durationMs: number): Promise<void> {
  return random.below(3) === 0
    ? delay(durationMs * (0.2 + 0.8 * random.fraction()))
    : afterEvents(directory, 1 + random.below(EVENTS_PER_IMAGE * IMAGES.length), random.fraction() * LONGEST_LAG_MS);
}

/**
 * Rolls a plan back if it was begun, and removes its journal. In half of these cases, kills a first rollback, and then
 * rolls back completely.
 */
async function undo(
  stage: PlanStage,
  bases: string,
  random: SeededRandom,
  tally: CrashTally,
  where: string,
): Promise<void> {
  const journal = join(stage.directory, `${bases}.json.journal`);
  const wasBegun = await stat(journal).then(
    ({ size }) => size > 0,
    () => false,
  );
  if (wasBegun) {
    if (random.below(2) === 0) {
      const run = stage.apply(bases, '--rollback');
      await Promise.race([afterEvents(stage.directory, 1 + random.below(12), random.fraction()), run.ended]);
      run.process.kill('SIGKILL');
      if ((await run.ended).signal === 'SIGKILL') {
        tally.count('kills of a rollback');
      }
    }
    await finish(stage, bases, ['--rollback'], tally, where);
  }
  await rm(journal, { force: true });
}

async function finish(
  stage: PlanStage,
  bases: string,
  words: readonly string[],
  tally: CrashTally,
  where: string,
): Promise<void> {
  const { exit, signal, stderr } = await stage.apply(bases, ...words).ended;
  if (signal !== null) {
    tally.fault('hangs', where, `apply ${words.join(' ')} did not end`);
  } else if (exit !== 0) {
    tally.fault('losses', where, `apply ${words.join(' ')} exited with ${exit}: ${stderr}`);
  }
}
