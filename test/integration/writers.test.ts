import { spawn } from 'node:child_process';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { createAnalyzer, type DiskReader, type DiskSource, type HashOutcome, isVolatile } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers, { QemuReader, RawReader } from '@virt-similarity/readers';
import { createRunDirectory } from '#image-tools/processes/run-directory.js';
import { imageInfo } from '#image-tools/qemu/image-info.js';
import { inspect } from '#readers/inspection/inspect.js';
import { Inspections } from '#readers/inspection/inspections.js';
import { prepareDrives } from '#readers/libguestfs/prepare-drives.js';
import { openImage } from '../fixtures/open-image.js';
import { contentByExtents, contentByReads, diskContent, makeImage, runTestTool, withDirectory } from './qemu-images.js';

/** Runs `use` while qemu-io has the image open for writing. */
async function whileWritten<T>(path: string, format: string, use: () => Promise<T>): Promise<T> {
  const writer = spawn('qemu-io', ['-f', format, path], { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => writer.once('close', resolve));
  try {
    await locked(path);
    return await use();
  } finally {
    writer.stdin.end();
    await ended;
  }
}

/** Resolves when a process has a lock on the file. */
async function locked(path: string): Promise<void> {
  const inode = (await runTestTool('stat', '--format=%i', path)).trim();
  while (!(await readFile('/proc/locks', 'latin1')).includes(`:${inode} `)) {
    await delay(50);
  }
}

/** An image, its reader, and the file of its chain that is written to. */
interface Subject {
  readonly reader: DiskReader;
  readonly source: DiskSource;
  readonly written: DiskSource & { readonly format: string };
}

async function subjectOf(kind: string, directory: string): Promise<Subject> {
  if (kind === 'raw') {
    const source = { path: join(directory, 'a.raw'), format: 'raw' };
    await makeImage(source.path, 'raw', diskContent(), '-S', '0');
    return { reader: new RawReader(), source, written: source };
  }
  const [top, base] = ['top', 'base'].map((name) => ({ path: join(directory, `${name}.qcow2`), format: 'qcow2' }));
  await makeImage(base!.path, 'qcow2', diskContent());
  await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base!.path, top!.path);
  return { reader: new QemuReader(), source: top!, written: kind === 'the overlay' ? top! : base! };
}

function withSubject(kind: string, use: (subject: Subject, directory: string) => Promise<void>): Promise<void> {
  return withDirectory(async (temporary) => {
    const directory = await realpath(temporary);
    await use(await subjectOf(kind, directory), directory);
  });
}

describe.each([
  ['a raw image', 'raw'],
  ['an overlay', 'the overlay'],
  ['the backing file of an overlay', 'its backing file'],
])('while %s is open for writing,', (_, kind) => {
  test('opening the image fails because it is in use', async () => {
    await withSubject(kind, async ({ reader, source, written }, directory) => {
      const options = { allowedDirectories: [directory] };
      await whileWritten(written.path, written.format, async () => {
        await expect(openImage(reader, source, options)).rejects.toMatchObject({
          code: 'in-use',
          image: source.path,
          message: expect.stringMatching(/is open for writing by another program; .*or pass `allowInUse: true`$/),
        });
      });
      await (await openImage(reader, source, options)).close();
    });
  });

  test('the image is read with allowInUse, with a warning and as volatile', async () => {
    await withSubject(kind, async ({ reader, source, written }, directory) => {
      const warnings: string[] = [];
      const options = {
        allowedDirectories: [directory],
        allowInUse: true,
        warn: (each: string) => warnings.push(each),
      };
      await whileWritten(written.path, written.format, async () => {
        const image = await openImage(reader, source, options);
        try {
          expect((await contentByReads(image)).equals(diskContent())).toBe(true);
          expect((await contentByExtents(image)).equals(diskContent())).toBe(true);
          expect(isVolatile(image.identity)).toBe(true);
        } finally {
          await image.close();
        }
      });
      expect(warnings).toEqual([expect.stringMatching(/is open for writing by another program: /)]);
      const image = await openImage(reader, source, options);
      expect(isVolatile(image.identity)).toBe(false);
      await image.close();
    });
  });

  test('libguestfs prepares no drive for the image', async () => {
    await withSubject(kind, async ({ source, written }, directory) => {
      const runDirectory = await createRunDirectory();
      try {
        const images = new Map([['a', { source, identity: { chain: [] } }]]);
        const prepared = await whileWritten(written.path, written.format, () =>
          prepareDrives(images, runDirectory, { allowedDirectories: [directory] }, new Inspections()),
        );
        expect(prepared.get('a')).toMatchObject({ outcome: 'failed', error: { code: 'in-use' } });
        expect(await readdir(runDirectory.path)).toEqual([]);
      } finally {
        await runDirectory.remove();
      }
    });
  });
});

test.each(['raw', 'qcow2', 'qcow'])('qemu-img itself refuses a %s image that is open for writing', async (format) => {
  await withDirectory(async (directory) => {
    const path = join(directory, `a.${format}`);
    await makeImage(path, format, diskContent());
    const image = await inspect({ path, format }, { allowedDirectories: [directory] });
    const call = { component: 'qemu', image: path };
    await whileWritten(path, format, async () => {
      const asked = imageInfo({ ...image, access: 'without-writers' }, call);
      await expect(asked).rejects.toMatchObject({ code: 'in-use' });
      expect((await imageInfo({ ...image, access: 'beside-writers' }, call)).virtualSize).toBe(diskContent().length);
    });
    expect((await imageInfo({ ...image, access: 'without-writers' }, call)).virtualSize).toBe(diskContent().length);
  });
});

test('a lock of a program other than qemu does not prevent reading an image', async () => {
  await withSubject('raw', async ({ reader, source }, directory) => {
    const holder = spawn('flock', [source.path, 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
    try {
      await locked(source.path);
      await (await openImage(reader, source, { allowedDirectories: [directory] })).close();
    } finally {
      holder.stdin.end();
      await new Promise((resolve) => holder.once('close', resolve));
    }
  });
});

test('a run reports an image in use and does not cache its vector', async () => {
  await withSubject('raw', async ({ source, written }, directory) => {
    const analyzer = createAnalyzer({ plugins: [readers, hashers] });
    const cache = join(directory, 'cache');
    const hash = async (allowInUse: boolean, warnings: string[] = []): Promise<HashOutcome> => {
      const onNote = (level: string, message: string) => void (level === 'warning' && warnings.push(message));
      for await (const outcome of analyzer.hash([source], { cache, allowInUse, onNote, jobs: 1 })) {
        return outcome;
      }
      throw new Error('expected an outcome, found none');
    };
    await whileWritten(written.path, written.format, async () => {
      expect(await hash(false)).toMatchObject({ error: { code: 'in-use' } });
      const warnings: string[] = [];
      expect(await hash(true, warnings)).toMatchObject({ cached: false });
      expect(await hash(true)).toMatchObject({ cached: false });
      expect(warnings).toEqual([expect.stringMatching(/is open for writing/)]);
    });
    expect(await hash(false)).toMatchObject({ cached: false });
    expect(await hash(false)).toMatchObject({ cached: true });
  });
});
