import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { changesOf, snapshotOf } from '../../harness/snapshot.js';

test('a snapshot shows created, removed, replaced and modified files, except omitted paths', async () => {
  const root = await mkdtemp(join(tmpdir(), 'virt-similarity-snapshot-'));
  const path = (name: string) => join(root, name);
  for (const name of ['written', 'replaced', 'removed', 'same']) {
    await writeFile(path(name), name);
  }
  await symlink('same', path('link'));
  for (const name of ['omitted', 'contents', 'below']) {
    await mkdir(path(name));
  }
  const takeSnapshot = () => snapshotOf(root, { paths: [path('omitted')], contents: [path('contents')] });
  const before = await takeSnapshot();
  expect(changesOf(before, await takeSnapshot())).toEqual([]);

  await appendFile(path('written'), 'more');
  await writeFile(path('new'), 'replaced');
  await rename(path('new'), path('replaced'));
  await rm(path('removed'));
  await rm(path('link'));
  await symlink('written', path('link'));
  for (const name of ['omitted/file', 'contents/file', 'below/file']) {
    await writeFile(path(name), '');
  }
  expect(changesOf(before, await takeSnapshot())).toEqual([
    { path: path('below/file'), kind: 'created' },
    { path: path('link'), kind: expect.stringMatching(/^(replaced|wrote to)$/) },
    { path: path('removed'), kind: 'removed' },
    { path: path('replaced'), kind: 'replaced' },
    { path: path('written'), kind: 'wrote to' },
  ]);
  await rm(path('contents'), { recursive: true });
  expect(changesOf(before, await takeSnapshot())).toContainEqual({ path: path('contents'), kind: 'removed' });
  await rm(root, { recursive: true });
});
