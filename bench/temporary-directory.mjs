import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes a new directory, which the caller must remove. */
export function makeTemporaryDirectory() {
  return mkdtemp(join(tmpdir(), 'virt-similarity-bench-'));
}

/** Calls `work` with a new directory, which is removed afterwards. Returns the result of `work`. */
export async function inTemporaryDirectory(work) {
  const directory = await makeTemporaryDirectory();
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
