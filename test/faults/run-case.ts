import type { ReaderName } from '../harness/readers.js';
import type { CommandLine, FaultCase, Trial } from './fault-case.js';
import { violationsOf, violationsOfCase } from './find-violations.js';
import { tracedConnections } from './network-trace.js';
import { type LineEnd, runLine } from './run-line.js';
import { GOOD_IMAGES, Stage } from './stage.js';
import { foreignWrites, stageSnapshot } from './stage-snapshot.js';
import type { Violation } from './violation.js';

/**
 * The default time limit of a run in seconds. With libguestfs, an appliance without hardware virtualization is slow.
 */
const SECONDS: Readonly<Record<ReaderName, number>> = { auto: 120, raw: 120, qemu: 120, libguestfs: 600 };

/** Returns the milliseconds of a run that reads one good image: the baseline for runs with the limit `within`. */
async function baselineMilliseconds(command: readonly string[]): Promise<number> {
  const stage = await Stage.make('auto');
  try {
    return (await runOn(stage, stage.hash([GOOD_IMAGES[0]]), command)).milliseconds;
  } finally {
    await stage.remove();
  }
}

/** The outcome of a case with one reader. */
export interface CaseOutcome {
  readonly fault: FaultCase;
  readonly reader: ReaderName;
  /** Exit codes of its runs in order; -1 for a run that a signal ended. */
  readonly exits: readonly number[];
  readonly milliseconds: number;
  /** Empty if the case passed. */
  readonly violations: readonly Violation[];
}

/**
 * Builds a case's inputs, runs its command lines, and collects all violations. Errors of the case are violations.
 *
 * @param command the words that start the command under test, before its arguments
 */
export async function runCase(fault: FaultCase, reader: ReaderName, command: readonly string[]): Promise<CaseOutcome> {
  const stage = await Stage.make(reader);
  const violations: Violation[] = [];
  const ends: LineEnd[] = [];
  const attempt = async (kind: 'build' | 'check', work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      violations.push({ kind, what: messageOf(error) });
    }
  };
  const started = performance.now();
  await attempt('build', async () => {
    const trial = await fault.build(stage);
    try {
      const before = await stage.inputs();
      for (const line of trial.commands) {
        await line.before?.();
        const baseline = line.within === undefined ? 0 : await baselineMilliseconds(command);
        const snapshot = await stageSnapshot(stage);
        const end = await runOn(stage, line, command);
        ends.push(end);
        violations.push(...violationsOf(line, end, fault.exit, baseline));
        const writes = await foreignWrites(stage, trial, line, snapshot);
        violations.push(...writes.map((what): Violation => ({ kind: 'foreign writes', what })));
      }
      await attempt('check', () => checkTrial(trial, ends));
      violations.push(...(await violationsOfCase(stage, trial, ends, before)));
    } finally {
      await trial.cleanUp?.();
    }
  });
  await stage.remove();
  const milliseconds = performance.now() - started;
  return { fault, reader, exits: ends.map(({ exit }) => exit ?? -1), milliseconds, violations };
}

/** Runs the case's own checks, unless a run was killed because it exceeded its time limit. */
async function checkTrial(trial: Trial, ends: readonly LineEnd[]): Promise<void> {
  if (ends.every(({ hung }) => !hung)) {
    await trial.check?.(ends);
  }
}

function runOn(stage: Stage, line: CommandLine, command: readonly string[]): Promise<LineEnd> {
  const wrapper = [...tracedConnections(stage), ...(line.wrapper ?? [])];
  return runLine(
    { ...line, wrapper },
    {
      command,
      directory: stage.work,
      environment: stage.environment,
      // The path of the stage is also in TMPDIR, which is passed to tools.
      marker: stage.root,
      hangMs: (line.seconds ?? SECONDS[stage.reader]) * 1000,
    },
  );
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error))
    .trim()
    .replace(/\s*\n\s*/g, ' ')
    .slice(0, 500);
}
