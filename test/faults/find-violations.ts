import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HashVectorCache } from '@virt-similarity/core';
import { findTraces } from '../harness/canary.js';
import { type CommandEnd, hasStackTrace } from '../harness/command-run.js';
import { readReport } from '../harness/json-report.js';
import { regularFiles } from '../harness/regular-files.js';
import type { CommandLine, Trial } from './fault-case.js';
import { violationsOfReport } from './find-report-violations.js';
import { externalCalls } from './network-trace.js';
import type { LineEnd } from './run-line.js';
import type { Stage } from './stage.js';
import type { Violation } from './violation.js';

/** The most memory, in bytes, that the command's own process is allowed to use. */
const MOST_MEMORY = 1024 ** 3;
const ERROR_LINE = /^virt-similarity: error: .*$/gm;
const EXIT_PARTIAL = 3;
/** Matches the names of files that are still being written. */
const UNFINISHED = /^\..*\.tmp$/;

/** Returns the violations of a run. `baseline` is the time, in milliseconds, of a run that reads one good image. */
export function violationsOf(line: CommandLine, end: LineEnd, exitOfCase: number, baseline: number): Violation[] {
  const rightExits = [line.exit ?? (line.besideGood && exitOfCase !== 0 ? EXIT_PARTIAL : exitOfCase)].flat();
  const expected = rightExits.find((exit) => exit === end.exit) ?? rightExits[0];
  const errors = end.stderr.match(ERROR_LINE) ?? [];
  const mostErrors = line.errors ?? (expected === 0 ? 0 : 1);
  const found: Violation[] = end.orphans.map((orphan) => ({ kind: 'orphans', what: orphan }));
  if (end.hung) {
    found.push({ kind: 'hangs', what: `killed after ${Math.round(end.milliseconds)} ms` });
  } else if (end.exit !== expected) {
    const message = errors[0] ?? end.stderr.trim().split('\n').at(-1) ?? '';
    found.push({ kind: 'exit', what: `expected exit ${expected}, found ${end.exit}: ${message}` });
  }
  if (line.within !== undefined && end.milliseconds > baseline + line.within * 1000) {
    found.push({
      kind: 'hangs',
      what: `${Math.round(end.milliseconds)} ms, expected at most ${line.within} s more than ${Math.round(baseline)} ms`,
    });
  }
  if (hasStackTrace(end.stderr)) {
    found.push({ kind: 'trace', what: 'a stack trace on stderr' });
  }
  if (!end.hung && errors.length !== mostErrors) {
    found.push({
      kind: 'error',
      what: `expected ${mostErrors} error lines, found ${errors.length}: ${errors.join(' | ')}`,
    });
  }
  if (end.peakMemory > MOST_MEMORY) {
    found.push({ kind: 'memory', what: `used ${end.peakMemory} bytes of memory` });
  }
  if (line.besideGood && !end.hung && (expected === 0 || expected === EXIT_PARTIAL)) {
    found.push(...violationsOfReport(end, line.alone ?? exitOfCase));
  }
  return found;
}

/**
 * Returns the violations of all runs of a case together: changed inputs, leaked secrets, leftovers, external calls and
 * bad entries in the cache.
 *
 * @param before the digests of the inputs before the first run, by path
 */
export async function violationsOfCase(
  stage: Stage,
  trial: Trial,
  ends: readonly CommandEnd[],
  before: ReadonlyMap<string, string>,
): Promise<Violation[]> {
  const found: Violation[] = [...(await changedInputs(stage, trial, before)), ...(await leaks(stage, ends))];
  for (const name of await leftovers(stage)) {
    found.push({ kind: 'leftovers', what: name });
  }
  found.push(...(await externalCalls(stage)).map((call): Violation => ({ kind: 'external calls', what: call })));
  if (stage.connections > 0) {
    found.push({ kind: 'external calls', what: `${stage.connections} connections to a server` });
  }
  if (trial.cache !== 'refused') {
    found.push(...(await badEntries(stage, ends)));
  }
  return found;
}

/** Returns everything in the directories of temporary files, and unfinished files in the working directory. */
async function leftovers(stage: Stage): Promise<string[]> {
  const namesIn = async (directory: string) => {
    const names = await readdir(join(stage.root, directory), { recursive: true });
    return names.map((name) => `${directory}/${name}`);
  };
  const written = (await regularFiles(stage.work)).filter((path) => UNFINISHED.test(basename(path)));
  return [...(await namesIn('tmp')), ...(await namesIn('run')), ...written];
}

async function changedInputs(
  stage: Stage,
  { changes = [] }: Trial,
  before: ReadonlyMap<string, string>,
): Promise<Violation[]> {
  const after = await stage.inputs();
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter((path) => !changes.includes(path));
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({ kind: 'input', what: `${path} has changed` }));
}

async function leaks(stage: Stage, ends: readonly CommandEnd[]): Promise<Violation[]> {
  const printed = {
    stdout: ends.map(({ stdout }) => stdout).join('\n'),
    stderr: ends.map(({ stderr }) => stderr).join('\n'),
  };
  const directories = ['work', 'tmp', 'run', 'home'].map((name) => join(stage.root, name));
  const places = await findTraces(stage.traces, printed, directories);
  return places.map((where) => ({ kind: 'canary leaks', what: `a secret in ${where}` }));
}

/** Returns a violation for each damaged entry, and for each entry of an image that failed. */
async function badEntries(stage: Stage, ends: readonly CommandEnd[]): Promise<Violation[]> {
  const failed = new Set(ends.flatMap((end) => readReport(end)?.failures.map(({ path }) => path) ?? []));
  try {
    const entries = await new HashVectorCache(stage.cache).verify();
    return entries.flatMap((entry): Violation[] => {
      if (entry.state === 'bad') {
        return [{ kind: 'cache', what: entry.problem }];
      }
      const { name } = entry.header;
      return failed.has(name) ? [{ kind: 'cache', what: `${name}, which failed, is in the cache` }] : [];
    });
  } catch (error) {
    return [{ kind: 'cache', what: `the cache cannot be verified: ${error}` }];
  }
}
