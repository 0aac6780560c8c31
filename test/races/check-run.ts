import { readdir } from 'node:fs/promises';
import { isEntryName } from '#core/store/cache-entry.js';
import { findTraces } from '../harness/canary.js';
import { type CommandEnd, hasStackTrace } from '../harness/command-run.js';
import { readReport } from '../harness/json-report.js';
import { changesOf, type Snapshot, snapshotOf } from '../harness/snapshot.js';
import { checkVectors } from './check-vectors.js';
import type { Findings } from './findings.js';
import { REPORTS } from './points/outputs.js';
import type { Scene } from './points/point.js';
import type { Stage } from './stage.js';

/** Exit codes of a run in which no, some or all images failed because of the exchanges. */
const EXPECTED_EXITS: readonly (number | null)[] = [0, 3, 4, 5, 6];
/** Error codes of an image that changed or was moved. */
const EXPECTED_CODES = ['refused', 'corrupt', 'unreadable', 'in-use', 'changed'];

/** Returns a snapshot of the stage, without the contents of the directories of results. */
export function stageSnapshot(stage: Stage): Promise<Snapshot> {
  return snapshotOf(stage.root, { contents: [stage.vectors, stage.cache] });
}

/** Records the faults of a run: effects that no exchange may cause. `before` is the stage before the run. */
export async function checkRun(
  stage: Stage,
  scene: Scene,
  { exit, signal, stdout, stderr, before }: CommandEnd & { readonly before: Snapshot },
  findings: Findings,
  where: string,
): Promise<void> {
  const lastLine = stderr.trim().split('\n').at(-1);
  if (signal !== null) {
    findings.fault('hangs', where, `ended by ${signal}`);
  } else if (!EXPECTED_EXITS.includes(exit)) {
    findings.fault('unexpected ends', where, `exit ${exit}: ${lastLine}`);
  }
  if (hasStackTrace(stderr)) {
    findings.fault('unexpected ends', where, `a stack trace: ${stderr}`);
  }
  for (const { path, code } of readReport({ stdout })?.failures ?? []) {
    if (!EXPECTED_CODES.includes(code)) {
      findings.fault('unexpected ends', where, `${path}: ${code}: ${lastLine}`);
    }
  }
  await checkFiles(stage, scene, before, findings, where);
  await checkTraces(stage, stdout + stderr, findings, where);
  for (const directory of [stage.vectors, stage.cache]) {
    await checkVectors(directory, stage, findings, where);
  }
}

async function checkFiles(
  stage: Stage,
  { mayWrite = [], exchangesResults }: Scene,
  before: Snapshot,
  findings: Findings,
  where: string,
): Promise<void> {
  const isAllowed = (path: string) => mayWrite.some((root) => `${path}/`.startsWith(`${root}/`));
  const changes = changesOf(before, await stageSnapshot(stage)).filter(({ path }) => !isAllowed(path));
  for (const { path, kind } of changes) {
    if (kind === 'wrote to') {
      findings.fault('inputs changed', where, path);
    } else {
      const isTemporary = [stage.temporary, stage.runtime].some((directory) => path.startsWith(`${directory}/`));
      findings.fault(isTemporary ? 'leftovers' : 'foreign writes', where, path);
    }
  }
  // If outputs are exchanged, other files can be among them.
  if (exchangesResults) {
    return;
  }
  const isResult = (name: string) => name.endsWith('.arrow') || REPORTS.includes(name) || name === 'tree.names.tsv';
  const written = (await readdir(stage.vectors)).filter((name) => !isResult(name));
  const cached = (await readdir(stage.cache)).filter((name) => !isEntryName(name));
  for (const name of [...written, ...cached]) {
    findings.fault('leftovers', where, name);
  }
}

async function checkTraces(stage: Stage, printed: string, findings: Findings, where: string): Promise<void> {
  const directories = [stage.vectors, stage.cache, stage.temporary, stage.runtime, stage.home];
  for (const place of await findTraces(stage.traces, { 'stdout or stderr': printed }, directories)) {
    findings.fault('canary leaks', where, place);
  }
}
