import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { listDirectory } from '#core/reading/list-directory.js';

test('a directory with too many entries below it is refused', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'list-directory-'));
  try {
    await mkdir(join(directory, 'sub'));
    await writeFile(join(directory, 'a.arrow'), '');
    await writeFile(join(directory, 'sub/b.arrow'), '');
    const list = (mostEntries: number) =>
      listDirectory(directory, [], { recursive: true, warn: () => {}, mostEntries });
    expect((await list(3)).images).toEqual(['a.arrow', 'sub/b.arrow']);
    await expect(list(2)).rejects.toMatchObject({
      code: 'refused',
      message: `cannot list ${directory}: expected at most 2 entries, found more; name the directories with images`,
    });
  } finally {
    await rm(directory, { recursive: true });
  }
});
