import { lstat, readdir } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { partsOf } from '@virt-similarity/core';
import { openHashVector } from '#core/vectors/read-hash-vector.js';
import { type Digests, digestsIn } from '../harness/vector-digests.js';
import { all } from './contents.js';
import type { Findings } from './findings.js';
import type { Stage } from './stage.js';

/** Requires that every hash vector in a directory is that of the files which it says it was made from. */
export async function checkVectors(
  directory: string,
  { known }: Pick<Stage, 'known'>,
  findings: Findings,
  where: string,
): Promise<void> {
  for (const name of (await readdir(directory)).filter((each) => each.endsWith('.arrow'))) {
    const path = join(directory, name);
    const stats = await lstat(path);
    // Where results are exchanged, links and empty files are planted.
    if (!stats.isFile() || stats.size === 0) {
      continue;
    }
    findings.count('hash vectors');
    try {
      const vector = await openHashVector(path);
      const found = await digestsIn(vector);
      if (vector.identity === undefined) {
        findings.fault('false vectors', where, `${path} does not say what it was made from`);
        continue;
      }
      const files = partsOf(vector.identity);
      if (isAbsolute(vector.name) && files[0]?.path !== vector.name) {
        findings.count('names that led elsewhere when they were opened');
      }
      const expected = known.expected(vector.identity);
      if (expected === undefined) {
        findings.fault('canary leaks', where, `${path} was made from ${files.map((file) => file.path).join(', ')}`);
        continue;
      }
      const foreign = found.flatMap((digest) => (digest && known.foreignOwners(digest, vector.identity!)) ?? []);
      if (foreign.length > 0) {
        findings.fault('canary leaks', where, `${vector.name} holds blocks of ${[...new Set(foreign)].join(', ')}`);
      } else if (!areEqual(found, expected)) {
        findings.fault('false vectors', where, `${vector.name} is not what its files hold: ${path}`);
      }
    } catch (thrown) {
      findings.fault('false vectors', where, `${path}: ${thrown}`);
    }
  }
}

function areEqual(one: Digests, other: Digests): boolean {
  return one.length === other.length && all(one.length).every((block) => one[block] === other[block]);
}
