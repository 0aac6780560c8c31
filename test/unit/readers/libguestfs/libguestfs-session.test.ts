import { describe, expect, test } from '@jest/globals';
import { DRIVES_PER_APPLIANCE, groupsOf, LibguestfsSession } from '#readers/libguestfs/libguestfs-session.js';

const OPTIONS = { allowedDirectories: [] };

describe('groupsOf', () => {
  test('fills one appliance after the other', () => {
    const sources = Array.from({ length: DRIVES_PER_APPLIANCE + 1 }, (_, index) => ({ path: `${index}.img` }));
    expect(groupsOf(sources).map((group) => group.size)).toEqual([DRIVES_PER_APPLIANCE, 1]);
  });

  test('takes a source that is announced twice once, and one in another format as another', () => {
    const groups = groupsOf([{ path: 'a.img' }, { path: 'a.img' }, { path: 'a.img', format: 'raw' }]);
    expect(groups.map((group) => group.size)).toEqual([2]);
  });

  test('makes no group of nothing', () => {
    expect(groupsOf([])).toEqual([]);
  });
});

test('a session opens only what was announced', async () => {
  const session = new LibguestfsSession([{ path: 'a.img' }], OPTIONS, { acceleration: 'default' });
  await expect(session.open({ path: 'b.img' }, OPTIONS)).rejects.toMatchObject({ code: 'usage', image: 'b.img' });
  await session.close();
});

test('an image that cannot be read fails without an appliance', async () => {
  const source = { path: '/nonexistent/a.img' };
  const session = new LibguestfsSession([source], OPTIONS, { acceleration: 'default' });
  await expect(session.open(source, OPTIONS)).rejects.toMatchObject({ code: 'unreadable' });
  await session.close();
});
