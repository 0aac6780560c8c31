import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isEntryName } from '#core/store/cache-entry.js';
import { HashVectorCache } from '#core/store/hash-vector-cache.js';
import { openHashVector } from '#core/vectors/read-hash-vector.js';
import type { CrashTally } from './faults.js';
import type { Stage } from './stage.js';

/** The state of the cache. */
export interface CacheState {
  /** The paths of all entries. */
  readonly entries: readonly string[];
  /** The names of the images of the valid entries. */
  readonly images: ReadonlySet<string>;
}

/** Verifies every entry of the cache with its rows. Records each entry that is not current as a loss. */
export async function verifyCache(stage: Pick<Stage, 'cache'>, tally: CrashTally, where: string): Promise<CacheState> {
  const found = await new HashVectorCache(stage.cache).verify();
  for (const entry of found) {
    if (entry.state !== 'current') {
      tally.fault('losses', where, `${entry.path} is ${entry.state}`);
    }
  }
  return {
    entries: found.map(({ path }) => path),
    images: new Set(found.flatMap((entry) => (entry.state === 'current' ? [entry.header.name] : []))),
  };
}

/** Reads every hash-vector file that a killed run wrote. Records each file that cannot be read completely as a loss. */
export async function verifyVectors(
  { vectors }: Pick<Stage, 'vectors'>,
  tally: CrashTally,
  where: string,
): Promise<void> {
  for (const name of (await readdir(vectors)).filter((each) => each.endsWith('.arrow'))) {
    try {
      for await (const _ of (await openHashVector(join(vectors, name))).rows()) {
      }
    } catch (thrown) {
      tally.fault('losses', where, `${name}: ${String(thrown)}`);
    }
  }
}

/** Returns the paths of files, directories and sockets that a run left besides its results. */
export async function leftovers(stage: Pick<Stage, 'temporary' | 'cache' | 'vectors'>): Promise<string[]> {
  const names = async (directory: string) => (await readdir(directory)).map((name) => join(directory, name));
  const cached = (await names(stage.cache)).filter((path) => !isEntryName(basename(path)));
  const written = (await names(stage.vectors)).filter((path) => !path.endsWith('.arrow'));
  return [...(await names(stage.temporary)), ...cached, ...written];
}

/** Returns the states of the images as text, to detect changes. A state has the `ctime`, which no program can reset. */
export async function inputStates({ directory, images }: Pick<Stage, 'directory' | 'images'>): Promise<string> {
  const states = images.map(async (image) => {
    const { ino, size, mtimeNs, ctimeNs } = await lstat(join(directory, image), { bigint: true });
    return [image, ino, size, mtimeNs, ctimeNs].join(' ');
  });
  return (await Promise.all(states)).join('\n');
}
