import { execFileSync } from 'node:child_process';
import * as realFiles from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, jest, test } from '@jest/globals';

const root = await realFiles.realpath(await realFiles.mkdtemp(join(tmpdir(), 'virt-similarity-layer-')));
afterAll(() => realFiles.rm(root, { recursive: true }));

/** Is called right after a path was looked up, to simulate another process. */
let afterLookup: (path: string, handle: realFiles.FileHandle) => Promise<unknown>;
let directory: string;

jest.unstable_mockModule('node:fs/promises', () => ({
  ...realFiles,
  open: async (path: string, flags: number) => {
    const handle = await realFiles.open(path, flags);
    try {
      await afterLookup(path, handle);
    } catch (thrown) {
      await handle.close();
      throw thrown;
    }
    return handle;
  },
}));

const { openNamedFile } = await import('#readers/inspection/layer-file.js');
const { openReferencedFile } = await import('#readers/inspection/referenced-file.js');

beforeEach(async () => {
  afterLookup = async () => {};
  directory = await realFiles.mkdtemp(join(root, 'images-'));
});

async function write(path: string, content: string): Promise<string> {
  await realFiles.mkdir(join(directory, path, '..'), { recursive: true });
  await realFiles.writeFile(join(directory, path), content);
  return join(directory, path);
}

async function contentOf(opening: ReturnType<typeof openNamedFile>): Promise<string> {
  const file = await opening;
  try {
    return (await file.bytes.read(0, 100)).toString();
  } finally {
    await file.close();
  }
}

/** Runs `change` once, right after a path that ends with `lookedUp` was looked up. */
function onceLookedUp(lookedUp: string, change: () => Promise<unknown>): void {
  let isDone = false;
  afterLookup = async (path) => {
    if (path.endsWith(lookedUp) && !isDone) {
      isDone = true;
      await change();
    }
  };
}

describe('a file that the user names', () => {
  test('is the file that was checked, even if a FIFO takes its place', async () => {
    const path = await write('a.img', 'image');
    onceLookedUp('/a.img', async () => {
      await realFiles.rename(path, join(directory, 'moved.img'));
      execFileSync('mkfifo', [path]);
    });
    const file = await openNamedFile({ path });
    expect(file.stamp.path).toBe(join(directory, 'moved.img'));
    expect(await contentOf(Promise.resolve(file))).toBe('image');
  });

  test('is reported as changed if it is deleted while it is opened', async () => {
    const path = await write('a.img', 'image');
    onceLookedUp('/a.img', () => realFiles.rm(path));
    await expect(openNamedFile({ path })).rejects.toMatchObject({
      code: 'changed',
      message: 'it was moved or replaced while it was opened; wait until no program is changing it, then try again',
    });
  });

  test('can be a link, unless noFollow is set', async () => {
    await write('a.img', 'image');
    const path = join(directory, 'link.img');
    await realFiles.symlink('a.img', path);
    expect(await contentOf(openNamedFile({ path }))).toBe('image');
    await expect(openNamedFile({ path, noFollow: true })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('it is a symbolic link'),
    });
    expect(await contentOf(openNamedFile({ path: join(directory, 'a.img'), noFollow: true }))).toBe('image');
  });

  test('can have a name that is not UTF-8', async () => {
    await realFiles.writeFile(Buffer.from(`${directory}/caf\xe9.img`, 'latin1'), 'image');
    expect(await contentOf(openNamedFile({ path: `${directory}/caf\udce9.img` }))).toBe('image');
  });
});

describe('a file that a header names', () => {
  const policy = () => ({ allowedDirectories: [directory] });

  test('is checked at the current path of its directory, even if a link takes the place of the directory', async () => {
    await write('base.img', 'the base');
    await write('secrets/base.img', 'a secret');
    const away = `${directory}-away`;
    onceLookedUp(directory, async () => {
      await realFiles.rename(directory, away);
      await realFiles.symlink(join(away, 'secrets'), directory);
    });
    const opening = openReferencedFile('base.img', join(directory, 'top.qcow2'), policy());
    await expect(opening).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining(`pass \`allowBacking: [ '${away}' ]\``),
    });
  });

  test('is opened in the directory that was checked, even if the directory is replaced afterwards', async () => {
    await write('base.img', 'the base');
    await write('secrets/base.img', 'a secret');
    const away = `${directory}-away`;
    // The getter runs during the check. The entry is looked up later, through the descriptor of the directory.
    const opening = openReferencedFile('base.img', join(directory, 'top.qcow2'), {
      get allowedDirectories() {
        execFileSync('mv', [directory, away]);
        execFileSync('ln', ['-s', join(away, 'secrets'), directory]);
        return [directory];
      },
    });
    expect(await contentOf(opening)).toBe('the base');
  });

  test('is not followed if a link takes its place', async () => {
    const path = await write('base.img', 'the base');
    const secret = await write('secrets/base.img', 'a secret');
    onceLookedUp('/base.img', async () => {
      await realFiles.rm(path);
      await realFiles.symlink(secret, path);
    });
    expect(await contentOf(openReferencedFile('base.img', join(directory, 'top.qcow2'), policy()))).toBe('the base');
    await expect(openReferencedFile('base.img', join(directory, 'top.qcow2'), policy())).rejects.toMatchObject({
      code: 'refused',
    });
  });

  test('is the target that was checked, even if the link is changed afterwards', async () => {
    const target = await write('store/base.img', 'the base');
    const secret = await write('secrets/base.img', 'a secret');
    const link = join(directory, 'base.img');
    await realFiles.symlink(target, link);
    let lookups = 0;
    afterLookup = async (path) => {
      lookups += path.endsWith('/base.img') ? 1 : 0;
      if (lookups === 2) {
        await realFiles.rm(link);
        await realFiles.symlink(secret, link);
        lookups += 1;
      }
    };
    const policyWithTree = { ...policy(), allowedTrees: [join(directory, 'store')] };
    const opening = openReferencedFile('base.img', join(directory, 'top.qcow2'), policyWithTree);
    expect(await contentOf(opening)).toBe('the base');
    await expect(openReferencedFile('base.img', join(directory, 'top.qcow2'), policyWithTree)).rejects.toMatchObject({
      message: expect.stringContaining(`it is a symbolic link to "${secret}"`),
    });
  });

  test('can have a name that is not UTF-8', async () => {
    await realFiles.writeFile(Buffer.from(`${directory}/caf\xe9.img`, 'latin1'), 'image');
    const opening = openReferencedFile('caf\udce9.img', join(directory, 'top.qcow2'), policy());
    expect((await opening).stamp.path).toBe(`${directory}/caf\udce9.img`);
    await (await opening).close();
  });
});

describe('a system error', () => {
  test.each(['/a.img', '/proc/self/fd'])(
    'is reported as unreadable if the descriptor of %s becomes invalid',
    async (opened) => {
      const path = await write('a.img', 'image');
      afterLookup = (name, handle) => (name.includes(opened) ? handle.close() : Promise.resolve());
      await expect(openNamedFile({ path })).rejects.toMatchObject({ name: 'HeaderError', code: 'unreadable' });
    },
  );

  test.each(['EACCES', 'EPERM'])('is reported as unreadable for %s', async (code) => {
    afterLookup = () => Promise.reject(Object.assign(new Error(code), { code }));
    await expect(openNamedFile({ path: root })).rejects.toMatchObject({
      code: 'unreadable',
      message: 'permission denied; allow this user to read it',
    });
  });

  test.each([
    ['EMFILE', 'lower `jobs`, or allow more open files with ulimit -n'],
    ['ENOMEM', 'lower `jobs`, or allow more memory'],
  ])('is reported as unavailable for %s', async (code, remedy) => {
    afterLookup = () => Promise.reject(Object.assign(new Error(code), { code }));
    await expect(openNamedFile({ path: root })).rejects.toMatchObject({
      code: 'unavailable',
      message: `${code}; ${remedy}`,
    });
  });
});
