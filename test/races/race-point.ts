import { SeededRandom } from '../fixtures/seeded-random.js';
import type { CommandRun } from '../harness/command-run.js';
import type { ReaderName } from '../harness/readers.js';
import { checkDistances, type Versions } from './check-distances.js';
import { checkRun, stageSnapshot } from './check-run.js';
import { digestsOf } from './contents.js';
import type { Exchanger } from './exchanger.js';
import { type Findings, newFindings } from './findings.js';
import { REPORTS } from './points/outputs.js';
import type { Point, Scene } from './points/point.js';
import { REFERENCE_IMAGES, REFERENCES, Stage } from './stage.js';
import { stepsOf, TIMES } from './steps.js';

/** The assumed number of events in the first run. */
const EVENTS = 10;
/** The number of events of a file from its creation to its final name. */
const EVENTS_OF_NEW_FILE = 4;
/** With fewer pairs than this, each pair is exchanged more often. */
const FEW_PAIRS = 3;
/** After this many runs, there is one run without exchanges, which uses the cache of the previous run. */
const QUIET_EVERY = 8;
/** The most runs per requested exchange. There is a limit because in some runs no exchange succeeds. */
const MOST_RUNS = 2;
/**
 * Milliseconds after which a run counts as hung. With libguestfs, an appliance without hardware virtualization is slow.
 */
const HANG_MS: Readonly<Record<ReaderName, number>> = { auto: 60_000, raw: 60_000, qemu: 60_000, libguestfs: 300_000 };

/** The settings for a point with one reader. */
export interface RaceSetting {
  readonly reader: ReaderName;
  readonly seed: number;
  /** The number of exchanges after which no further run is started. */
  readonly exchanges: number;
  readonly command: readonly string[];
}

/** Runs the command at a point until the requested number of exchanges is reached. Returns the findings. */
export async function racePoint(point: Point, setting: RaceSetting, exchanger: Exchanger): Promise<Findings> {
  const stage = await Stage.make();
  try {
    const run = (words: readonly string[]) => start(stage, setting, words).ended;
    const scene = await point.build(stage, { reader: setting.reader, run });
    return await new PointRace(point, setting, exchanger, stage, scene).run();
  } finally {
    await stage.remove();
  }
}

function start(stage: Stage, { command, reader }: RaceSetting, words: readonly string[]): CommandRun {
  return stage.start(command, words, HANG_MS[reader]);
}

class PointRace {
  readonly findings = newFindings();
  /** The most events of a run so far, for each pair of names. */
  readonly #events: number[];
  readonly #versions: Versions;

  constructor(
    readonly point: Point,
    readonly setting: RaceSetting,
    readonly exchanger: Exchanger,
    readonly stage: Stage,
    readonly scene: Scene,
  ) {
    this.#events = scene.exchanges.map(() => EVENTS);
    const references = [REFERENCES.own, REFERENCES.other].map(
      (content, index) => [REFERENCE_IMAGES[index]!, [digestsOf(content)]] as const,
    );
    this.#versions = new Map([...references, ...scene.images.map(({ path, versions }) => [path, versions] as const)]);
  }

  async run(): Promise<Findings> {
    const { exchanges, seed, reader } = this.setting;
    for (let run = 0; this.findings.counted('exchanges') < exchanges; run += 1) {
      if (run >= MOST_RUNS * exchanges) {
        this.findings.fault('missing exchanges', this.#where(run), `expected ${exchanges}`);
        break;
      }
      await this.#race(run, new SeededRandom(seed, this.point.title, reader, run));
      if (run % QUIET_EVERY === QUIET_EVERY - 1 && !this.scene.exchangesResults) {
        await this.#quiet(run);
      }
    }
    return this.findings;
  }

  async #race(run: number, random: SeededRandom): Promise<void> {
    const { stage, scene, findings, exchanger } = this;
    await stage.clear();
    await scene.prepare?.();
    const before = await stageSnapshot(stage);
    const isAnalysis = run % 2 === 1;
    const steps = scene.exchanges.map(({ created }, index) =>
      stepsOf(random, run, created ? EVENTS_OF_NEW_FILE : this.#events[index]!, this.#times),
    );
    await exchanger.arm(scene.exchanges.map((exchange, index) => ({ ...exchange, steps: steps[index]! })));
    const command = start(stage, this.setting, isAnalysis ? this.#analyze() : this.#hash());
    const ended = await command.ended;
    const orphans = await command.orphans();
    for (const [index, { exchanged, events }] of (await exchanger.stop()).entries()) {
      findings.count('exchanges', exchanged);
      this.#events[index] = Math.max(this.#events[index]!, Math.min(events, 200));
    }
    findings.count('runs');
    findings.count(`exit ${ended.exit}`);
    const where = this.#where(run);
    if (orphans.length > 0) {
      findings.fault('orphans', where, orphans.join(', '));
    }
    await checkRun(stage, scene, { ...ended, before }, findings, where);
    // With other exit codes, the run prints no report.
    if (isAnalysis && (ended.exit === 0 || ended.exit === 3)) {
      checkDistances(ended.stdout, this.#versions, findings, where);
    }
  }

  /** Runs without exchanges: the vectors that the last run cached must match the original images. */
  async #quiet(run: number): Promise<void> {
    const where = `${this.#where(run)}, quiet`;
    const ended = await start(this.stage, this.setting, this.#analyze()).ended;
    this.findings.count('quiet runs');
    if (ended.exit !== 0) {
      this.findings.fault('unexpected ends', where, `exit ${ended.exit}: ${ended.stderr}`);
    }
    const versions = new Map([...this.#versions].map(([path, each]) => [path, each.slice(0, 1)]));
    if (ended.exit === 0) {
      checkDistances(ended.stdout, versions, this.findings, where);
    }
  }

  #hash(): string[] {
    return ['hash', '-o', 'out/', ...this.#options(), ...this.#names()];
  }

  #analyze(): string[] {
    const outputs = REPORTS.flatMap((name) => ['-o', `out/${name}`]);
    return ['analyze', '-O', 'json', ...outputs, ...this.#options(), ...REFERENCE_IMAGES, ...this.#names()];
  }

  #options(): readonly string[] {
    const { reader } = this.setting;
    return [...(reader === 'auto' ? [] : ['--reader', reader]), ...(this.scene.options ?? [])];
  }

  #names(): readonly string[] {
    return this.scene.names ?? this.scene.images.map(({ path }) => path);
  }

  get #times(): readonly number[] {
    if (this.setting.reader === 'libguestfs') {
      return TIMES.longRun;
    }
    return this.scene.exchanges.length < FEW_PAIRS ? TIMES.fewPairs : TIMES.manyPairs;
  }

  #where(run: number): string {
    return `${this.point.title}, ${this.setting.reader}, run ${run}`;
  }
}
