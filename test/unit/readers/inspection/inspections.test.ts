import { mkdtemp, open, realpath, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { baseOf, type DiskSource, type ImageIdentity, type ReadOptions } from '@virt-similarity/core';
import { identityOf } from '#readers/inspection/identity-of.js';
import { inspect } from '#readers/inspection/inspect.js';
import { Inspections } from '#readers/inspection/inspections.js';
import { settled } from '../../../fixtures/settled.js';
import { qcow2File } from './headers.js';
import { vmdkDescriptor } from './sound-headers.js';

let directory: string;
let options: ReadOptions;
let inspections: Inspections;
/** The sources that were inspected. */
let inspected: DiskSource[];
let notes: string[];

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'inspections-')));
  notes = [];
  options = { allowedDirectories: [directory], warn: (note) => void notes.push(note) };
  inspected = [];
  inspections = new Inspections((source, readOptions) => {
    inspected.push(source);
    return inspect(source, readOptions);
  });
});

afterEach(() => rm(directory, { recursive: true }));

const decline = () => undefined;

/** Writes a file and waits until its timestamps would reveal a later change. */
async function write(name: string, bytes: string | Buffer): Promise<DiskSource> {
  const path = join(directory, name);
  await writeFile(path, bytes);
  await settled([path]);
  return { path };
}

async function identified(source: DiskSource): Promise<ImageIdentity> {
  return (await inspections.identify(source, options, identityOf))!;
}

describe('an image that was identified', () => {
  test('is opened with the given identity, without another inspection', async () => {
    const source = await write('a.img', '\0disk');
    const identity = await identified(source);
    const opened = await inspections.inspected({ source, identity }, options, identityOf);
    expect(opened.identity).toBe(identity);
    expect(opened.image.file).toBe(identity.chain[0]!.parts[0]);
    expect(inspected).toEqual([source]);
  });

  test('is inspected when it is identified again', async () => {
    const source = await write('a.img', '\0disk');
    expect(await identified(source)).toEqual(await identified(source));
    expect(inspected).toHaveLength(2);
  });

  test('allows opening its backing image without another inspection', async () => {
    await write('base.raw', '\0disk');
    const source = await write('top.qcow2', qcow2File({ backing: 'base.raw', backingFormat: 'raw' }));
    const base = baseOf(await identified(source))!;
    const opened = await inspections.inspected(base, options, identityOf);
    expect(opened.identity).toBe(base.identity);
    expect(opened.image.format).toBe('raw');
    expect(inspected).toEqual([source]);
  });

  test.each([
    ['was written to', (path: string) => writeFile(path, '\0other')],
    ['has new timestamps', (path: string) => utimes(path, 1, 1)],
    [
      'was replaced',
      async (path: string) => {
        await writeFile(`${path}.new`, '\0disk');
        await rename(`${path}.new`, path);
      },
    ],
  ])('and %s is inspected again', async (_, change) => {
    const source = await write('a.img', '\0disk');
    const identity = await identified(source);
    await change(source.path);
    await settled([source.path]);
    const opened = await inspections.inspected({ source, identity }, options, identityOf);
    expect(opened.identity).not.toEqual(identity);
    expect(inspected).toHaveLength(2);
    // The new result is kept too.
    expect(await inspections.inspected({ ...opened, source }, options, identityOf)).toEqual(opened);
    expect(inspected).toHaveLength(2);
  });

  test('and was removed fails when it is opened', async () => {
    const source = await write('a.img', '\0disk');
    const identity = await identified(source);
    await rm(source.path);
    const opened = inspections.inspected({ source, identity }, options, identityOf);
    await expect(opened).rejects.toMatchObject({ code: 'unreadable' });
  });

  test.each<[string, (source: DiskSource) => [DiskSource, ReadOptions?]]>([
    ['another path', ({ path }) => [{ path: `${path}/../a.img` }]],
    ['another format', ({ path }) => [{ path, format: 'raw' }]],
    ['another list of allowed directories', (source) => [source, { ...options, allowedDirectories: [directory] }]],
    ['other allowed trees', (source) => [source, { ...options, allowedTrees: [] }]],
    ['other keys', (source) => [source, { ...options, keys: [] }]],
    ['another maximum size', (source) => [source, { ...options, maxVirtualSize: 100 }]],
  ])('is inspected again with %s', async (_, change) => {
    await write('other', '');
    const source = await write('a.img', '\0disk');
    const identity = await identified(source);
    const [changed, policy = options] = change(source);
    await inspections.inspected({ source: changed, identity }, policy, identityOf).catch(() => undefined);
    expect(inspected).toEqual([source, changed]);
  });

  test('just after a write is inspected again, because its timestamps might not reveal a later change', async () => {
    const path = join(directory, 'a.img');
    await writeFile(path, '\0disk');
    // As after a very recent write, these times would not reveal a later change.
    await utimes(path, Date.now() / 1000 + 60, Date.now() / 1000 + 60);
    const identity = await identified({ path });
    await inspections.inspected({ source: { path }, identity }, options, identityOf);
    expect(inspected).toHaveLength(2);
  });

  test('and is a block device is inspected at every opening, because its timestamps are meaningless', async () => {
    inspections = new Inspections(async (source, readOptions) => {
      inspected.push(source);
      return { ...(await inspect(source, readOptions)), isDevice: true };
    });
    const source = await write('device.img', '\0disk');
    const identity = await identified(source);
    expect((await inspections.inspected({ source, identity }, options, identityOf)).identity).toEqual(identity);
    expect(inspected).toHaveLength(2);
  });

  test('is not inspected again for a copy of the options', async () => {
    options = { ...options, allowedTrees: [], maxVirtualSize: 100, keys: [] };
    const source = await write('a.img', '\0disk');
    const identity = await identified(source);
    await inspections.inspected({ source, identity }, { ...options }, identityOf);
    expect(inspected).toEqual([source]);
  });

  test('by another instance is inspected, even if its identity is empty', async () => {
    const source = await write('a.img', '\0disk');
    const copy = structuredClone(await identified(source));
    for (const identity of [copy, { chain: [] }]) {
      const opened = await inspections.inspected({ source, identity }, options, identityOf);
      expect(opened.identity).toEqual(copy);
    }
    expect(inspected).toHaveLength(3);
  });
});

test('files are flushed on request before they are inspected', async () => {
  const handle = await open(directory);
  const flushed = jest.spyOn(Object.getPrototypeOf(handle) as typeof handle, 'datasync');
  await handle.close();
  await write('x-flat.vmdk', Buffer.alloc(512));
  const source = await write('x.vmdk', vmdkDescriptor('RW 1 FLAT "x-flat.vmdk" 0'));
  await identified(source);
  expect(flushed).not.toHaveBeenCalled();
  await inspections.identify(source, { ...options, flush: true }, identityOf);
  expect(flushed).toHaveBeenCalledTimes(2);
  flushed.mockRestore();
});

describe('an image that a reader does not accept', () => {
  test('is not inspected again for the next reader with the same source and options', async () => {
    const source = await write('a.img', '\0disk');
    expect(await inspections.identify(source, options, decline)).toBeUndefined();
    expect(await inspections.identify(source, options, decline)).toBeUndefined();
    await identified(source);
    expect(inspected).toEqual([source]);
    await identified(source);
    expect(inspected).toHaveLength(2);
  });

  test('is inspected again for a copy of the options or of the source', async () => {
    const source = await write('a.img', '\0disk');
    await inspections.identify(source, options, decline);
    await inspections.identify(source, { ...options }, decline);
    await inspections.identify({ ...source }, options, decline);
    expect(inspected).toHaveLength(3);
  });

  test('is inspected again if it has changed', async () => {
    const source = await write('a.img', '\0disk');
    await inspections.identify(source, options, decline);
    await utimes(source.path, 1, 1);
    await identified(source);
    expect(inspected).toHaveLength(2);
  });
});

test('notes are emitted when the image is opened, not when it is identified or its base is opened', async () => {
  await write('base.img', qcow2File());
  const source = await write('top.qcow2', qcow2File({ backing: 'base.img' }));
  await inspections.identify(source, options, decline);
  const identity = await identified(source);
  expect(notes).toEqual([]);
  await inspections.inspected({ source, identity }, options, identityOf);
  await inspections.inspected(baseOf(identity)!, options, identityOf);
  await identified(source);
  expect(notes).toEqual([expect.stringMatching(/base\.img: treated as qcow2/)]);
  await inspections.inspected({ source, identity }, { allowedDirectories: options.allowedDirectories }, identityOf);
});
