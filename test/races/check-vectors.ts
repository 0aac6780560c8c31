import { lstat, readdir } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { partsOf } from '@virt-similarity/core';
import { openHashVector } from '#core/vectors/read-hash-vector.js';
import { type Digests, digestsIn } from '../harness/vector-digests.js';
import { all } from './contents.js';
import { type Findings, REDIRECTED } from './findings.js';
import type { Stage } from './stage.js';

/** Records a fault for each hash vector in a directory that does not match the files in its identity. */
export async function checkVectors(
  directory: string,
  { known }: Pick<Stage, 'known'>,
  findings: Findings,
  where: string,
): Promise<void> {
  for (const name of (await readdir(directory)).filter((each) => each.endsWith('.arrow'))) {
    const path = join(directory, name);
    const stats = await lstat(path);
    // Scenes that exchange outputs create links and empty files in this directory.
    if (!stats.isFile() || stats.size === 0) {
      continue;
    }
    findings.count('hash vectors');
    try {
      const vector = await openHashVector(path);
      const found = await digestsIn(vector);
      if (vector.identity === undefined) {
        findings.fault('false vectors', where, `${path} has no identity`);
        continue;
      }
      const files = partsOf(vector.identity);
      if (isAbsolute(vector.name) && files[0]?.path !== vector.name) {
        findings.count(REDIRECTED);
      }
      const expected = known.expected(vector.identity);
      if (expected === undefined) {
        findings.fault('canary leaks', where, `${path} was read from ${files.map((file) => file.path).join(', ')}`);
        continue;
      }
      const foreign = found.flatMap((digest) => (digest && known.foreignOwners(digest, vector.identity!)) ?? []);
      if (foreign.length > 0) {
        findings.fault('canary leaks', where, `${vector.name} contains blocks of ${[...new Set(foreign)].join(', ')}`);
      } else if (!areEqual(found, expected)) {
        findings.fault('false vectors', where, `${vector.name} does not match its files: ${path}`);
      }
    } catch (thrown) {
      findings.fault('false vectors', where, `${path}: ${thrown}`);
    }
  }
}

function areEqual(one: Digests, other: Digests): boolean {
  return one.length === other.length && all(one.length).every((block) => one[block] === other[block]);
}
