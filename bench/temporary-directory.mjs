import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new directory, which the caller removes. */
export function makeTemporaryDirectory() {
  return mkdtemp(join(tmpdir(), 'virt-similarity-bench-'));
}

/** What `work` returns, done in a new directory that is removed thereafter. */
export async function inTemporaryDirectory(work) {
  const directory = await makeTemporaryDirectory();
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
