import { describe, expect, test } from '@jest/globals';
import type { DiskSource, IdentifiedSource, ImageIdentity } from '@virt-similarity/core';
import { Inspections } from '#readers/inspection/inspections.js';
import { DRIVES_PER_APPLIANCE, groupsOf, LibguestfsSession } from '#readers/libguestfs/libguestfs-session.js';

const OPTIONS = { allowedDirectories: [] };
const SHARED = { settings: { acceleration: 'default' }, inspections: new Inspections() } as const;
/** The identity of an image that was not inspected. */
const UNKNOWN: ImageIdentity = { chain: [] };

function identified(source: DiskSource): IdentifiedSource {
  return { source, identity: UNKNOWN };
}

describe('groupsOf', () => {
  test('fills appliances in sequence', () => {
    const sources = Array.from({ length: DRIVES_PER_APPLIANCE + 1 }, (_, index) =>
      identified({ path: `${index}.img` }),
    );
    expect(groupsOf(sources).map((group) => group.size)).toEqual([DRIVES_PER_APPLIANCE, 1]);
  });

  test('includes a duplicate source once, but the same path with another format separately', () => {
    const groups = groupsOf([{ path: 'a.img' }, { path: 'a.img' }, { path: 'a.img', format: 'raw' }].map(identified));
    expect(groups.map((group) => group.size)).toEqual([2]);
  });

  test('returns no groups for no sources', () => {
    expect(groupsOf([])).toEqual([]);
  });
});

test('a session opens only its own sources', async () => {
  const session = new LibguestfsSession([identified({ path: 'a.img' })], OPTIONS, SHARED);
  await expect(session.open({ path: 'b.img' }, UNKNOWN, OPTIONS)).rejects.toMatchObject({
    code: 'usage',
    image: 'b.img',
  });
  await session.close();
});

test('an image that cannot be read fails without an appliance', async () => {
  const source = { path: '/nonexistent/a.img' };
  const session = new LibguestfsSession([identified(source)], OPTIONS, SHARED);
  await expect(session.open(source, UNKNOWN, OPTIONS)).rejects.toMatchObject({ code: 'unreadable' });
  await session.close();
});
