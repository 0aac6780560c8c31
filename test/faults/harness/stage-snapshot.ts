import type { BigIntStats } from 'node:fs';
import { lstat, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pathText, systemPath } from '@virt-similarity/core';
import type { CommandLine, Trial } from './fault-case.js';
import type { Stage } from './stage.js';

/** Everything below a directory, by path: what it is, which inode, and when it was last written. */
export type Snapshot = ReadonlyMap<string, string>;

/** Of the stage: temporary files, which have an invariant of their own, and the harness's trace of connections. */
const NOT_WATCHED = ['tmp', 'run', 'connections'];

/** Options whose value is a path that the command writes to. */
const OUTPUT_OPTIONS = ['-o', '--output'];
const COMPANION = '.names.tsv';
const VECTOR = '.arrow';

/** What is in a stage, links not followed. */
export async function snapshotOf(stage: Stage): Promise<Snapshot> {
  const found = new Map<string, string>();
  const skipped = [...NOT_WATCHED.map((name) => join(stage.root, name)), ...(await mountPoints())];
  await lookInto(stage.root, found, new Set(skipped));
  return found;
}

/**
 * The paths that a run created, replaced, wrote to or removed, without those that its words name as outputs, the cache,
 * and what the case declares.
 */
export async function foreignWrites(
  stage: Stage,
  trial: Trial,
  line: CommandLine,
  before: Snapshot,
): Promise<readonly string[]> {
  const after = await snapshotOf(stage);
  const declared = [...(trial.changes ?? []), ...(trial.writes ?? [])];
  const isAllowed = await outputsOf(stage, line);
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths]
    .filter((path) => before.get(path) !== after.get(path))
    .filter((path) => !declared.some((other) => path === other || path.startsWith(`${other}/`)) && !isAllowed(path))
    .map((path) => `${verbOf(before.get(path), after.get(path))} ${path}`)
    .sort();
}

function verbOf(before: string | undefined, after: string | undefined): string {
  if (before === undefined) {
    return 'created';
  }
  return after === undefined ? 'removed' : 'wrote to or replaced';
}

/** Whether a path is one that the words of a command line say is written. */
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

/** Where file systems are mounted: one of a case may never answer. */
async function mountPoints(): Promise<string[]> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return mounts.split('\n').flatMap((line) => line.split(' ')[1] ?? []);
}

async function lookInto(directory: string, found: Map<string, string>, skipped: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(systemPath(directory), { encoding: 'buffer' })) {
    const path = join(directory, pathText(name));
    if (skipped.has(path)) {
      continue;
    }
    const stats = await lstat(systemPath(path), { bigint: true });
    found.set(path, await describe(path, stats));
    if (stats.isDirectory()) {
      await lookInto(path, found, skipped);
    }
  }
}

/** A directory is written to by what is in it. */
async function describe(path: string, stats: BigIntStats): Promise<string> {
  const { dev, ino, mode, size, mtimeNs } = stats;
  const kind = Number(mode) >> 12;
  const file = `${kind} ${dev}:${ino}`;
  if (stats.isDirectory()) {
    return file;
  }
  if (stats.isSymbolicLink()) {
    return `${file} ${await readlink(systemPath(path))}`;
  }
  return `${file} ${size} ${mtimeNs}`;
}
