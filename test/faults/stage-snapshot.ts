import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { changesOf, type Snapshot, snapshotOf } from '../harness/snapshot.js';
import type { CommandLine, Trial } from './fault-case.js';
import type { Stage } from './stage.js';

/**
 * Left out of snapshots: the directories of temporary files, which have a separate check, and the trace of connections.
 */
const NOT_WATCHED = ['tmp', 'run', 'connections'];

/** Options whose values are paths that the command writes to. */
const OUTPUT_OPTIONS = ['-o', '--output'];
const COMPANION = '.names.tsv';
const VECTOR = '.arrow';

/** Returns a snapshot of a stage. */
export function stageSnapshot({ root }: Stage): Promise<Snapshot> {
  return snapshotOf(root, { paths: NOT_WATCHED.map((name) => join(root, name)) });
}

/**
 * Returns the paths that a run created, replaced, wrote to or removed, except for the outputs that its words name, the
 * cache, and the paths that the case declares.
 */
export async function foreignWrites(
  stage: Stage,
  trial: Trial,
  line: CommandLine,
  before: Snapshot,
): Promise<readonly string[]> {
  const changes = changesOf(before, await stageSnapshot(stage));
  const declared = [...(trial.changes ?? []), ...(trial.writes ?? [])];
  const isAllowed = await outputsOf(stage, line);
  return changes
    .filter(({ path }) => !declared.some((other) => path === other || path.startsWith(`${other}/`)) && !isAllowed(path))
    .map(({ path, kind }) => `${kind} ${path}`);
}

/** Returns a test for paths that a command line names as outputs, including the cache. */
async function outputsOf(stage: Stage, { words }: CommandLine): Promise<(path: string) => boolean> {
  const valuesOf = (options: readonly string[]) =>
    words.flatMap((word, at) => (options.includes(word) && words[at + 1] !== undefined ? [words[at + 1]!] : []));
  // Links to directories that the user named are followed.
  const absolute = async (path: string) => {
    const resolved = resolve(stage.work, path);
    const parent = await realpath(dirname(resolved)).catch(() => dirname(resolved));
    return join(parent, basename(resolved));
  };
  const outputs = valuesOf(OUTPUT_OPTIONS);
  const files = new Set<string>();
  const vectorDirectories = new Set<string>();
  for (const output of outputs) {
    const path = await absolute(output);
    files.add(path);
    if (words.includes('hash') && !output.endsWith(VECTOR)) {
      vectorDirectories.add(path);
    } else {
      files.add(path.replace(/\.[^./]+$/, COMPANION));
    }
  }
  if (words.includes('hash') && outputs.length === 0) {
    vectorDirectories.add(stage.work);
  }
  const cache = await absolute(valuesOf(['--cache']).at(-1) ?? stage.cache);
  const writesCache = !words.includes('--no-cache');
  return (path) =>
    files.has(path) ||
    (vectorDirectories.has(dirname(path)) && path.endsWith(VECTOR)) ||
    (writesCache && (path === cache || dirname(path) === cache));
}
