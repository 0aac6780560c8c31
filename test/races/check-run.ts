import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ended } from '../crash/command-run.js';
import { readReport } from '../faults/harness/json-report.js';
import { regularFiles } from '../faults/harness/stage.js';
import { checkVectors } from './check-vectors.js';
import type { Findings } from './findings.js';
import { REPORTS } from './points/outputs.js';
import type { Scene } from './points/point.js';
import { differences, type Snapshot, snapshotOf } from './snapshot.js';
import type { Stage } from './stage.js';

/** Exit codes of a run of which some or all images failed because of what was exchanged. */
const ENDS: readonly (number | null)[] = [0, 3, 4, 5, 6];
/** Codes of the errors of an image that is not what it was, or not where it was. */
const CODES = ['refused', 'corrupt', 'unreadable', 'in-use', 'changed'];
const STACK_TRACE = /^\s+at .*:\d+/m;
const CACHE_ENTRY = /^[0-9a-f]{32}\.[0-9a-f]{64}(\.[0-9a-f]{8})?\.arrow$/;

/** Looks at everything on the stage but what the command may write. */
export function lookAround(stage: Stage): Promise<Snapshot> {
  return snapshotOf(stage.root, [stage.vectors, stage.cache]);
}

/** Reports what a run did that it must not do, whatever was exchanged. */
export async function checkRun(
  stage: Stage,
  scene: Scene,
  { code, signal, stdout, stderr, before }: Ended & { readonly before: Snapshot },
  findings: Findings,
  where: string,
): Promise<void> {
  const lastLine = stderr.trim().split('\n').at(-1);
  if (signal !== null) {
    findings.report('hangs', where, `ended by ${signal}`);
  } else if (!ENDS.includes(code)) {
    findings.report('unexpected ends', where, `exit ${code}: ${lastLine}`);
  }
  if (STACK_TRACE.test(stderr)) {
    findings.report('unexpected ends', where, `a stack trace: ${stderr}`);
  }
  for (const { path, code: found } of readReport({ stdout })?.failures ?? []) {
    if (!CODES.includes(found)) {
      findings.report('unexpected ends', where, `${path}: ${found}: ${lastLine}`);
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
  const { foreign, changed } = differences(before, await lookAround(stage));
  const isAllowed = (path: string) => mayWrite.some((root) => `${stage.root}/${path}/`.startsWith(`${root}/`));
  for (const path of foreign.filter((each) => !isAllowed(each))) {
    const kind = /^(tmp|run)\//.test(path) ? 'leftovers' : 'foreign writes';
    findings.report(kind, where, path);
  }
  for (const path of changed.filter((each) => !isAllowed(each))) {
    findings.report('inputs changed', where, path);
  }
  // What is exchanged there, another user may have left.
  if (exchangesResults) {
    return;
  }
  const isResult = (name: string) => name.endsWith('.arrow') || REPORTS.includes(name) || name === 'tree.names.tsv';
  const written = (await readdir(stage.vectors)).filter((name) => !isResult(name));
  const cached = (await readdir(stage.cache)).filter((name) => !CACHE_ENTRY.test(name));
  for (const name of [...written, ...cached]) {
    findings.report('leftovers', where, name);
  }
}

async function checkTraces(stage: Stage, printed: string, findings: Findings, where: string): Promise<void> {
  const look = (bytes: Buffer, place: string) => {
    if (stage.traces.some((trace) => bytes.includes(trace))) {
      findings.report('canary leaks', where, place);
    }
  };
  look(Buffer.from(printed), 'standard output or error');
  for (const directory of [
    stage.vectors,
    stage.cache,
    stage.temporary,
    join(stage.root, 'run'),
    join(stage.root, 'home'),
  ]) {
    for (const path of await regularFiles(directory)) {
      look(await readFile(path), path);
    }
  }
}
