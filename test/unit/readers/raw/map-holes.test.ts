import { chmod, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { extentsOfMap, mapHoles } from '#readers/raw/map-holes.js';

/** Runs of sectors, each all data or all zeros, as qemu-img would print them. */
const runs = fc.array(fc.record({ sectors: fc.integer({ min: 1, max: 1000 }), zero: fc.boolean() }), { minLength: 1 });

function mapOf(entries: readonly { sectors: number; zero: boolean }[]): { json: string; bytes: number } {
  let start = 0;
  const map = entries.map(({ sectors, zero }) => {
    const entry = { start, length: sectors * 512, depth: 0, present: true, zero, data: !zero, offset: start };
    start += entry.length;
    return entry;
  });
  return { json: JSON.stringify(map), bytes: start };
}

describe('the extents of a map', () => {
  test('join runs of one kind and end with the file, not with its last sector', () => {
    const { json } = mapOf([
      { sectors: 1, zero: true },
      { sectors: 1, zero: true },
      { sectors: 2, zero: false },
      { sectors: 1, zero: false },
    ]);
    expect(extentsOfMap(json, 2100)).toEqual([
      { kind: 'zero', start: 0, length: 1024 },
      { kind: 'data', start: 1024, length: 1076, stored: { layer: 0, offset: 1024 } },
    ]);
  });

  test('cover the file without gaps, kinds alternating, whatever the map', () => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 0, max: 511 }), (entries, missing) => {
        const { json, bytes } = mapOf(entries);
        const extents = extentsOfMap(json, bytes - missing);
        let position = 0;
        for (const [index, { kind, start, length }] of extents.entries()) {
          expect(start).toBe(position);
          expect(length).toBeGreaterThan(0);
          expect(kind).not.toBe(extents[index - 1]?.kind);
          position += length;
        }
        expect(position).toBe(bytes - missing);
      }),
    );
  });

  test.each([
    ['no JSON', 'garbage'],
    ['no list', '{}'],
    ['an empty list', '[]'],
    ['a list of nothing', '[null]'],
    ['an entry without kind', '[{"start":0,"length":1024}]'],
    ['an entry of no length', '[{"start":0,"length":0,"zero":true}]'],
    ['a fraction', '[{"start":0,"length":0.5,"zero":true}]'],
    ['a gap', '[{"start":0,"length":512,"zero":true},{"start":600,"length":512,"zero":true}]'],
    ['an end before the end of the file', '[{"start":0,"length":512,"zero":true}]'],
    ['more than the file', '[{"start":0,"length":1024,"zero":true},{"start":1000,"length":1024,"zero":true}]'],
  ])('are refused from %s', (_, json) => {
    expect(() => extentsOfMap(json, 1000)).toThrow();
  });
});

describe('where qemu-img is another program', () => {
  async function withProgram(script: string, check: (map: Promise<unknown>) => Promise<void>): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-map-'));
    const { PATH } = process.env;
    const file = await open('/etc/passwd');
    try {
      await writeFile(join(directory, 'qemu-img'), `#!/bin/sh\n${script}\n`);
      await chmod(join(directory, 'qemu-img'), 0o755);
      process.env.PATH = `${directory}:${PATH}`;
      await check(mapHoles(file.fd, 1000, { path: 'a.img' }, { allowedDirectories: [] }));
    } finally {
      process.env.PATH = PATH;
      await file.close();
      await rm(directory, { recursive: true });
    }
  }

  const untold = {
    code: 'unavailable',
    image: 'a.img',
    message: '[raw] cannot read a.img: qemu-img did not tell where its holes are; reinstall qemu-utils',
  };

  test('garbage is told, not believed', async () => {
    await withProgram('echo garbage', (map) => expect(map).rejects.toMatchObject(untold));
  });

  test('failure is told', async () => {
    await withProgram('exit 1', (map) => expect(map).rejects.toMatchObject(untold));
  });

  test('a writer to the file is told', async () => {
    const script = `echo 'qemu-img: Failed to get shared "write" lock' >&2; exit 1`;
    await withProgram(script, (map) => expect(map).rejects.toMatchObject({ code: 'in-use', image: 'a.img' }));
  });
});
