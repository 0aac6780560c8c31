import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openNeighbour } from '#readers/inspection/neighbour-file.js';

test('a neighbour is the file with the given name in the same directory, if there is one and the name is not too long', async () => {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-neighbour-')));
  try {
    await writeFile(join(directory, 'b'), 'text');
    const neighbour = await openNeighbour(join(directory, 'a'), 'b');
    expect((await neighbour!.bytes.read(0, 10)).toString()).toBe('text');
    await neighbour!.close();
    expect(await openNeighbour(join(directory, 'a'), 'c')).toBeUndefined();
    await expect(openNeighbour(join(directory, 'a'), 'x'.repeat(300))).rejects.toMatchObject({ code: 'unreadable' });
  } finally {
    await rm(directory, { recursive: true });
  }
});
