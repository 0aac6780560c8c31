import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ProtectedFiles, VirtSimilarityError, writeFileAtomically } from '@virt-similarity/core';

const WRITES = 1_000;

/** Another user, if the test runs as root. Otherwise the attacker's links belong to the user and are followed. */
const isRoot = process.getuid?.() === 0;
const OTHER_USER = isRoot ? { uid: 65_534, gid: 65_534 } : {};

/**
 * A Python program that repeatedly plants links to an image at an output's path. Unless `exchanges` is `no`, it also
 * replaces the output's directory with a link for a moment.
 */
const ATTACKER = `
import os, sys
image, directory, outside, exchanges = sys.argv[1:]
out, planted, moved = directory + '/out', directory + '.planted', directory + '.moved'
print('started', flush=True)
def quietly(call, *paths):
    try: call(*paths)
    except OSError: pass
while True:
    for plant in os.symlink, os.link:
        quietly(plant, image, planted)
        quietly(os.rename, planted, out)
        quietly(os.unlink, out)
    if exchanges == 'no': continue
    os.rename(directory, moved)
    os.symlink(outside, directory)
    os.unlink(directory)
    os.rename(moved, directory)
`;

let parent: string;
const at = (name: string) => join(parent, name);

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'virt-similarity-races-'));
  for (const name of ['.', 'directory', 'outside']) {
    await mkdir(at(name), { recursive: true });
    await chmod(at(name), 0o777);
  }
  await writeFile(at('image'), 'image');
  // The kernel can be configured so that users create hard links only to files that they own, or can read and write.
  await chmod(at('image'), 0o666);
});

afterEach(() => rm(parent, { recursive: true }));

async function* report() {
  yield 'report';
}

test('links planted at the path or directory of an output do not redirect its writes', async () => {
  const { dev, ino, mtimeNs } = await stat(at('image'), { bigint: true });
  const protect = new ProtectedFiles();
  protect.add({ device: dev, inode: ino, path: at('image') });
  const words = [at('image'), at('directory'), at('outside'), isRoot ? 'yes' : 'no'];
  const attacker = spawn('/usr/bin/python3', ['-c', ATTACKER, ...words], OTHER_USER);
  const outcomes = new Map<string, number>();
  try {
    await once(attacker.stdout, 'data');
    for (let write = 0; write < WRITES; write += 1) {
      const outcome = await writeFileAtomically(at('directory/out'), report(), { protect }).then(
        () => 'written',
        (error: unknown) => (error instanceof VirtSimilarityError ? error.code : String(error)),
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  } finally {
    attacker.kill('SIGKILL');
    await once(attacker, 'exit');
  }
  expect(await readFile(at('image'), 'utf8')).toBe('image');
  expect(await stat(at('image'), { bigint: true })).toMatchObject({ dev, ino, mtimeNs });
  expect(await readdir(at('outside'))).toEqual([]);
  for (const name of await readdir(parent)) {
    const left = (await stat(at(name))).isDirectory() ? await readdir(at(name)) : [];
    expect(left.filter((each) => each !== 'out')).toEqual([]);
  }
  // The race took place: some writes succeeded, others found a planted link.
  expect(outcomes.get('written')).toBeGreaterThan(0);
  expect(outcomes.get('refused')).toBeGreaterThan(0);
  for (const outcome of outcomes.keys()) {
    expect(['written', 'refused', 'changed', 'unreadable']).toContain(outcome);
  }
});
