import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, link, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { processMark } from '@virt-similarity/core';
import { deterministicBytes, overlay, runTool } from '../fixtures/index.js';
import { Workplace } from './command.js';

const BLOCK = 65_536;
const DISK_BLOCKS = 192;
const IMAGES = ['a.raw', 'b.raw', 'c.raw', 'd.qcow2', 'other.raw', 'top.qcow2'];
/** The words that name the images, with their formats. */
const NAMED = ['--format', 'raw', 'a.raw', 'b.raw', 'c.raw', 'other.raw', '--format', 'qcow2', 'd.qcow2', 'top.qcow2'];

let workplace: Workplace;

function diskOf(own: string, changed: readonly number[], zeroed: readonly number[]): Uint8Array {
  const disk = new Uint8Array(DISK_BLOCKS * BLOCK - 500);
  disk.set(deterministicBytes('family', 100 * BLOCK));
  for (const block of changed) {
    disk.set(deterministicBytes(`${own} ${block}`, BLOCK - 512), block * BLOCK);
  }
  for (const block of zeroed) {
    disk.fill(0, block * BLOCK, (block + 1) * BLOCK);
  }
  return disk;
}

beforeEach(async () => {
  workplace = await Workplace.make();
  await workplace.write('a.raw', diskOf('a', [1, 191], []));
  await workplace.write('b.raw', diskOf('b', [2, 3, 150], [5, 6, 7]));
  await workplace.write('c.raw', diskOf('c', [2, 3, 4, 151], [8]));
  await workplace.write('d.raw', diskOf('d', [9, 10, 152], [11]));
  await workplace.write('other.raw', deterministicBytes('other', 50 * BLOCK));
  for (const name of ['a.raw', 'b.raw', 'c.raw', 'd.raw']) {
    await runTool('fallocate', ['--dig-holes', workplace.path(name)]);
  }
  await runTool('qemu-img', ['convert', '-O', 'qcow2', workplace.path('d.raw'), workplace.path('d.qcow2')]);
  await runTool('rm', [workplace.path('d.raw')]);
  await overlay(workplace.path('other.raw'), workplace.path('top.qcow2'), 'raw');
});

afterEach(() => workplace.remove());

async function contents(): Promise<string[]> {
  const digests: string[] = [];
  for (const name of IMAGES) {
    const raw = workplace.path('content');
    await runTool('qemu-img', ['convert', '-O', 'raw', workplace.path(name), raw]);
    digests.push(
      createHash('sha256')
        .update(await readFile(raw))
        .digest('hex'),
    );
    await runTool('rm', [raw]);
  }
  return digests;
}

async function inodes(): Promise<number[]> {
  return Promise.all(IMAGES.map(async (name) => (await stat(workplace.path(name))).ino));
}

/** Returns the bytes that all images and bases occupy. Originals that are kept are not included. */
async function occupied(): Promise<number> {
  const names = (await readdir(workplace.directory)).filter((name) => /\.(raw|qcow2|base)$/.test(name));
  const sizes = await Promise.all(names.map(async (name) => (await stat(workplace.path(name))).blocks * 512));
  return sizes.reduce((sum, size) => sum + size);
}

async function plan(...words: readonly string[]): Promise<{ bytesPlanned: number; bytesNow: number }> {
  const { code, stdout, stderr } = await workplace.run('plan', '-q', '-O', 'json', ...words, ...NAMED);
  expect([code, stderr]).toEqual([0, '']);
  await workplace.write('plan.json', stdout);
  return JSON.parse(stdout) as { bytesPlanned: number; bytesNow: number };
}

const apply = (...words: readonly string[]) => workplace.run('apply', '-q', ...words, 'plan.json');

const ACCEPT = '--accept-format-change';

describe.each(['existing', 'synthetic'])('a plan with %s bases', (bases) => {
  test('is applied without a change of content, and needs about the space that was predicted', async () => {
    const before = await contents();
    const { bytesPlanned, bytesNow } = await plan('--bases', bases);
    expect(await occupied()).toBe(bytesNow);
    const { code, stdout, stderr } = await apply(ACCEPT);
    expect([code, stdout]).toEqual([0, '']);
    expect(
      stderr.split('\n').filter((line) => !/is qcow2 now: change the definition of its machine/.test(line)),
    ).toEqual(['']);
    expect(await contents()).toEqual(before);
    expect(Math.abs((await occupied()) - bytesPlanned) / bytesPlanned).toBeLessThan(0.03);
    expect(bytesPlanned).toBeLessThan(bytesNow * 0.6);
    for (const name of IMAGES.filter((each) => each.endsWith('.qcow2'))) {
      await runTool('qemu-img', ['check', '-q', workplace.path(name)]);
    }
  });

  test('can be rolled back, which restores the original files themselves', async () => {
    const before = [await contents(), await inodes(), await readdir(workplace.directory)];
    await plan('--bases', bases);
    expect((await apply(ACCEPT)).code).toBe(0);
    expect(await inodes()).not.toEqual(before[1]);
    expect(await apply('--rollback')).toEqual({ code: 0, stdout: '', stderr: '' });
    const names = (await readdir(workplace.directory)).filter((name) => !/^(plan\.json|similarity-cache)/.test(name));
    expect([await contents(), await inodes(), names]).toEqual(before);
  });

  test('can be committed, which deletes the originals', async () => {
    const before = await contents();
    await plan('--bases', bases);
    expect((await apply('--commit')).code).toBe(4);
    expect((await apply(ACCEPT)).code).toBe(0);
    expect((await readdir(workplace.directory)).some((name) => name.endsWith('.original'))).toBe(true);
    expect(await apply('--commit')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await readdir(workplace.directory)).some((name) => name.endsWith('.original'))).toBe(false);
    expect(await contents()).toEqual(before);
    expect((await apply('--rollback')).stderr).toMatch(
      /cannot roll back: the plan was committed, which deletes the originals/,
    );
    expect((await apply(ACCEPT, '--resume')).stderr).toMatch(/was committed; plan again/);
  });
});

describe('apply changes nothing and refuses', () => {
  async function refused(words: readonly string[], code: number, message: RegExp): Promise<void> {
    const before = [await inodes(), await readdir(workplace.directory)];
    const ended = await apply(...words);
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringMatching(message)]);
    const names = (await readdir(workplace.directory)).filter((name) => name !== 'plan.json.journal');
    expect([await inodes(), names]).toEqual(before);
  }

  test('a change of format that is not accepted', async () => {
    await plan();
    await refused([], 4, /would become qcow2, so the definitions of their machines must change/);
  });

  test('formats that were only detected', async () => {
    const { stdout } = await workplace.run('plan', '-q', '-O', 'json', ...IMAGES);
    await workplace.write('plan.json', stdout);
    await refused([ACCEPT], 4, /was detected, not stated: a guest controls the bytes that decide it/);
  });

  test('an image that changed after it was planned', async () => {
    await plan();
    await writeFile(workplace.path('b.raw'), Uint8Array.of(1), { flag: 'r+' });
    await refused([ACCEPT], 6, /b\.raw has changed since the plan was made; plan again/);
  });

  test('an image that a machine uses', async () => {
    await plan();
    const words = ['--format=qcow2', '--socket', workplace.path('socket'), workplace.path('d.qcow2')];
    const server = spawn('qemu-nbd', ['--persistent', ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
    try {
      while (!(await readdir(workplace.directory)).includes('socket')) {
        await delay(20);
      }
      await refused([ACCEPT], 6, /d\.qcow2 is open for writing by another program; shut down the machine that uses it/);
    } finally {
      server.kill();
      await once(server, 'exit');
    }
  });

  test('internal snapshots, which an overlay would lose', async () => {
    await runTool('qemu-img', ['snapshot', '-c', 'before', workplace.path('d.qcow2')]);
    await plan();
    await refused([ACCEPT], 4, /d\.qcow2 has internal snapshots, which an overlay would lose/);
  });

  test('a file that is in the way', async () => {
    await plan('--bases', 'existing');
    const { stdout } = await apply('--dry-run', ACCEPT);
    const base = /\S+\.base$/m.exec(stdout)![0];
    await writeFile(base, 'mine');
    await refused([ACCEPT], 4, /already exists and does not belong to this plan; move it elsewhere/);
    expect(await readFile(base, 'utf8')).toBe('mine');
  });

  test('an image with an overlay that the plan does not include', async () => {
    await overlay(workplace.path('b.raw'), workplace.path('unnamed.qcow2'), 'raw');
    await plan('--bases', 'existing');
    await refused([ACCEPT], 4, /unnamed\.qcow2 uses .*b\.raw but is not part of the plan/);
  });

  test.each<[string, (image: string, user: string) => Promise<void>]>([
    [
      'as the data file of a qcow2 image',
      async (image, user) => {
        const size = String((await stat(image)).size + 500);
        await rename(image, `${image}.kept`);
        const options = `data_file=${image},data_file_raw=on`;
        await runTool('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', options, user, size]);
        await rename(`${image}.kept`, image);
      },
    ],
    [
      'as a backing file named in JSON',
      async (image, user) => {
        const node = { driver: 'raw', file: { driver: 'file', filename: image } };
        const backing = `json:${JSON.stringify(node)}`;
        await runTool('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', backing, '-F', 'raw', user]);
      },
    ],
    [
      'as the backing file of a qed image',
      async (image, user) => {
        await runTool('qemu-img', ['create', '-q', '-f', 'qed', '-b', image, '-F', 'raw', user]);
      },
    ],
    [
      'as the extent of a VMDK',
      async (image, user) => {
        const lines = ['# Disk DescriptorFile', 'version=1', 'CID=12345678', 'parentCID=ffffffff'];
        const sectors = Math.floor((await stat(image)).size / 512);
        const extent = `RW ${sectors} FLAT "${image.split('/').at(-1)}" 0`;
        await writeFile(user, [...lines, 'createType="monolithicFlat"', extent, ''].join('\n'));
      },
    ],
  ])('an image that another image uses %s', async (_, use) => {
    await use(workplace.path('b.raw'), workplace.path('user.vmdk'));
    await plan('--bases', 'existing');
    await refused([ACCEPT], 4, /user\.vmdk uses .*b\.raw but is not part of the plan/);
  });

  test('an image that is the backing file of an image that was left out of the plan', async () => {
    await runTool('mkdir', [workplace.path('elsewhere')]);
    const left = workplace.path('elsewhere/left.qcow2');
    await overlay(workplace.path('b.raw'), left, 'raw');
    const server = spawn('qemu-nbd', ['--persistent', '--format=qcow2', '--socket', workplace.path('socket'), left]);
    while (!(await readdir(workplace.directory)).includes('socket')) {
      await delay(20);
    }
    const { code, stdout } = await workplace.run('plan', '-q', '-O', 'json', '--bases', 'existing', ...NAMED, left);
    server.kill();
    await once(server, 'exit');
    expect(code).toBe(3);
    await workplace.write('plan.json', stdout);
    await refused([ACCEPT], 4, /left\.qcow2 uses .*b\.raw but is not part of the plan/);
  });

  test('a plan whose bases would depend on each other', async () => {
    await overlay(workplace.path('a.raw'), workplace.path('loop.qcow2'), 'raw');
    const { stdout } = await workplace.run(
      ...['plan', '-q', '-O', 'json', '--format', 'raw', 'a.raw', '--format', 'qcow2', 'loop.qcow2'],
    );
    const edited = JSON.parse(stdout);
    Object.assign(edited.images[0], { base: { image: 1 }, isWritten: true });
    Object.assign(edited.images[1], { base: null, emptyOverlayBytes: 200_000 });
    await workplace.write('plan.json', JSON.stringify(edited));
    await refused([ACCEPT], 5, /an image that would change is the backing file of another one/);
  });

  test('an image that has another hard link', async () => {
    await link(workplace.path('c.raw'), workplace.path('second-name'));
    await plan('--bases', 'existing');
    await refused([ACCEPT], 4, /c\.raw has other hard links/);
  });

  test('formats that are stated for hash vectors, not for their images', async () => {
    await workplace.run('hash', '-q', '-o', 'vectors/', 'a.raw', 'b.raw', 'c.raw');
    const words = ['--format', 'arrow', 'vectors/a.raw.arrow', 'vectors/b.raw.arrow', 'vectors/c.raw.arrow'];
    const { stdout } = await workplace.run('plan', '-q', '-O', 'json', ...words);
    await workplace.write('plan.json', stdout);
    await refused([ACCEPT], 4, /was detected, not stated/);
  });

  test('a plan that another process applies', async () => {
    await plan();
    await workplace.write('plan.json.journal.lock', processMark());
    await refused([ACCEPT], 6, /another process is using this plan/);
    await rm(workplace.path('plan.json.journal.lock'));
  });

  test('a text that is not a plan', async () => {
    await workplace.write('plan.json', '{"version": 1}');
    await refused([ACCEPT], 5, /expected a plan of version 1 as JSON/);
    await workplace.write('plan.json', 'hello');
    await refused([ACCEPT], 5, /expected a plan of version 1 as JSON/);
  });
});

describe('if files change after a plan was applied,', () => {
  /** Applies a plan with existing bases, and returns the name of the base. */
  async function applied(): Promise<string> {
    await plan('--bases', 'existing');
    expect((await apply(ACCEPT)).code).toBe(0);
    return (await readdir(workplace.directory)).find((name) => name.endsWith('.base'))!;
  }

  async function refusedRollback(message: RegExp): Promise<void> {
    const before = await readdir(workplace.directory);
    const { code, stderr } = await apply('--rollback');
    expect([code, stderr]).toEqual([6, expect.stringMatching(message)]);
    expect(await readdir(workplace.directory)).toEqual(before);
  }

  test('a rollback without one of the overlays deletes nothing', async () => {
    const before = await contents();
    await applied();
    await rename(workplace.path('b.raw'), workplace.path('moved'));
    await refusedRollback(/b\.raw is neither the original of the plan nor its overlay; nothing is changed/);
    await rename(workplace.path('moved'), workplace.path('b.raw'));
    expect(await contents()).toEqual(before);
  });

  test('a rollback with a replaced overlay deletes nothing', async () => {
    await applied();
    await runTool('cp', [workplace.path('c.raw'), workplace.path('copy')]);
    await rename(workplace.path('copy'), workplace.path('c.raw'));
    await refusedRollback(/c\.raw is neither the original of the plan nor its overlay/);
  });

  test('a rollback with a truncated journal deletes nothing', async () => {
    await applied();
    const [first] = (await readFile(workplace.path('plan.json.journal'), 'utf8')).split('\n');
    await writeFile(workplace.path('plan.json.journal'), `${first}\n`);
    await refusedRollback(/is neither the original of the plan nor its overlay/);
  });

  test('a rollback with a garbled journal fails', async () => {
    await applied();
    await appendFile(workplace.path('plan.json.journal'), 'null\n');
    const { code, stderr } = await apply('--rollback');
    expect([code, stderr]).toEqual([5, expect.stringMatching(/expected entries of a journal, found/)]);
  });

  test('a second plan for the overlays must be rolled back before the first plan', async () => {
    await applied();
    await workplace.write('first.json', await readFile(workplace.path('plan.json')));
    await rename(workplace.path('plan.json.journal'), workplace.path('first.json.journal'));
    await runTool('qemu-img', ['convert', '-O', 'qcow2', workplace.path('b.raw'), workplace.path('copy.qcow2')]);
    const { stdout } = await workplace.run(
      ...['plan', '-q', '-O', 'json', '--bases', 'existing', '--format', 'qcow2', 'b.raw', 'copy.qcow2'],
    );
    await workplace.write('plan.json', stdout);
    expect((await apply(ACCEPT)).code).toBe(0);
    const first = ['apply', '-q', '--rollback', 'first.json'] as const;
    expect((await workplace.run(...first)).stderr).toMatch(
      /b\.raw is neither the original of the plan nor its overlay/,
    );
    const before = await contents();
    expect((await apply('--rollback')).code).toBe(0);
    expect((await workplace.run(...first)).code).toBe(0);
    expect(await contents()).toEqual(before);
  });

  test('a commit with a truncated overlay fails and keeps the originals', async () => {
    await applied();
    await truncate(workplace.path('c.raw'), 200_000);
    expect((await apply('--commit')).code).not.toBe(0);
    expect((await readdir(workplace.directory)).filter((name) => name.endsWith('.original')).length).toBeGreaterThan(1);
  });

  test('a commit that was interrupted can be completed, and rolled back while every original exists', async () => {
    const before = await contents();
    await applied();
    await appendFile(workplace.path('plan.json.journal'), '{"event":"committing"}\n');
    expect((await apply('--rollback')).code).toBe(0);
    expect(await contents()).toEqual(before);
    await rm(workplace.path('plan.json.journal'));
    await applied();
    await appendFile(workplace.path('plan.json.journal'), '{"event":"committing"}\n');
    await rm(workplace.path((await readdir(workplace.directory)).find((name) => name.endsWith('.original'))!));
    expect((await apply('--rollback')).stderr).toMatch(/cannot roll back: the plan was committed/);
    expect((await apply('--commit')).code).toBe(0);
    expect(await contents()).toEqual(before);
  });

  test('other device numbers, as after a reboot, do not prevent a rollback', async () => {
    const before = await contents();
    await applied();
    const journal = workplace.path('plan.json.journal');
    await writeFile(journal, (await readFile(journal, 'utf8')).replace(/"device":"\d+"/g, '"device":"1"'));
    expect((await apply('--rollback')).code).toBe(0);
    expect(await contents()).toEqual(before);
  });

  test('a base that a later plan uses is not removed', async () => {
    const base = await applied();
    await workplace.write('first.json', await readFile(workplace.path('plan.json')));
    await rename(workplace.path('plan.json.journal'), workplace.path('first.json.journal'));
    await runTool('mkdir', [workplace.path('elsewhere')]);
    const copy = workplace.path('elsewhere/copy.qcow2');
    await runTool('qemu-img', ['convert', '-O', 'qcow2', workplace.path('b.raw'), copy]);
    const named = ['--format', 'raw', base, '--format', 'qcow2', 'b.raw', 'elsewhere/copy.qcow2'];
    const { stdout } = await workplace.run('plan', '-q', '-O', 'json', '--bases', 'existing', ...named);
    await workplace.write('plan.json', stdout);
    expect(await apply(ACCEPT)).toMatchObject({ code: 0 });
    const first = ['apply', '-q', '--rollback', 'first.json'] as const;
    expect(await workplace.run(...first)).toMatchObject({
      code: 6,
      stderr: expect.stringMatching(/later plan that uses the file as a base|is neither the original of the plan nor/),
    });
    await runTool('qemu-img', ['check', '-q', copy]);
    expect((await apply('--rollback')).code).toBe(0);
    expect((await workplace.run(...first)).code).toBe(0);
  });

  test('what machines wrote to images of a half-applied plan is kept, and --resume completes the rest', async () => {
    const base = await applied();
    const names = await readdir(workplace.directory);
    const id = /\.([0-9a-f]{8})\.base$/.exec(base)![1];
    const originals = names.filter((name) => name.endsWith(`${id}.original`));
    const [late, early] = originals.map((name) => name.slice(0, -`.${id}.original`.length)) as [string, string];
    // The state after a kill before the last exchange.
    await rename(workplace.path(late), workplace.path(`${late}.${id}.new`));
    await rename(workplace.path(`${late}.${id}.original`), workplace.path(late));
    const journal = workplace.path('plan.json.journal');
    const lines = (await readFile(journal, 'utf8')).split('\n').filter((line) => !/"(?:applied|protected)"/.test(line));
    await writeFile(journal, lines.join('\n'));
    await runTool('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 0 4k', workplace.path(early)]);
    await writeFile(workplace.path(late), Uint8Array.of(1), { flag: 'r+' });
    const before = await contents();
    expect((await apply('--rollback')).code).toBe(6);
    expect(await apply(ACCEPT, '--resume')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(`${late} stays as it is: it changed while the plan was interrupted`),
    });
    expect(await contents()).toEqual(before);
    expect((await apply('--commit')).code).toBe(3);
    expect(await contents()).toEqual(before);
    expect((await readdir(workplace.directory)).filter((name) => /\.(?:new|original)$/.test(name))).toEqual([]);
  });

  test('a rollback does not need the file of the plan', async () => {
    const before = await contents();
    await applied();
    await workplace.write('plan.json', 'overwritten');
    expect((await apply('--rollback')).code).toBe(0);
    expect(await contents()).toEqual(before);
  });

  test('neither a commit nor a rollback deletes an original on which there is an overlay', async () => {
    await applied();
    const original =
      (await readdir(workplace.directory)).find((name) => name.endsWith('c.raw.original')) ??
      (await readdir(workplace.directory)).find((name) => name.endsWith('.original'))!;
    await overlay(workplace.path(original), workplace.path('own.qcow2'), 'raw');
    for (const option of ['--commit', '--rollback']) {
      const { code, stderr } = await apply(option);
      expect([code, stderr]).toEqual([
        4,
        expect.stringMatching(/own\.qcow2 uses .*\.original but is not part of the plan/),
      ]);
    }
    expect(await readdir(workplace.directory)).toContain(original);
  });

  test('a commit fails and keeps the originals if an existing base was written to', async () => {
    await runTool('cp', [workplace.path('other.raw'), workplace.path('copy.raw')]);
    const words = ['--format', 'raw', 'other.raw', 'copy.raw', '--format', 'qcow2', 'top.qcow2'];
    const { stdout } = await workplace.run('plan', '-q', '-O', 'json', '--bases', 'existing', ...words);
    await workplace.write('plan.json', stdout);
    expect((await apply(ACCEPT)).code).toBe(0);
    expect((await stat(workplace.path('other.raw'))).mode & 0o222).toBe(0);
    await writeFile(workplace.path('other.raw'), Uint8Array.of(1), { flag: 'r+' });
    expect((await apply('--commit')).stderr).toMatch(/other\.raw is a base and was written to/);
    expect((await readdir(workplace.directory)).some((name) => name.endsWith('.original'))).toBe(true);
  });
});

test('images whose names differ only in the extension keep their contents', async () => {
  const x = Array.from({ length: 40 }, (_, block) => deterministicBytes(`x${block}`, BLOCK));
  const y = Array.from({ length: 40 }, (_, block) => deterministicBytes(`y${block}`, BLOCK));
  const changed = (disk: readonly Uint8Array[], own: string, blocks: number) =>
    Buffer.concat(disk.map((content, block) => (block < blocks ? deterministicBytes(own + block, BLOCK) : content)));
  const names = ['a.raw', 'b.raw', 'c.raw', 'e.raw', 'f.raw', 'a.qcow2', 'r.qcow2'];
  await workplace.write('a.raw', changed(y, 'a', 10));
  await workplace.write('b.raw', changed(x, 'b', 1));
  await workplace.write(
    'c.raw',
    Buffer.concat([changed(y, 'a', 10).subarray(0, 39 * BLOCK), deterministicBytes('c', BLOCK)]),
  );
  await workplace.write(
    'e.raw',
    Buffer.concat([changed(y, 'a', 10).subarray(0, 38 * BLOCK), deterministicBytes('e', 2 * BLOCK)]),
  );
  await workplace.write('f.raw', changed(y, 'f', 1));
  for (const [name, disk] of [
    ['a', x],
    ['r', y],
  ] as const) {
    await workplace.write('source', Buffer.concat(disk));
    await runTool('qemu-img', ['convert', '-O', 'qcow2', workplace.path('source'), workplace.path(`${name}.qcow2`)]);
  }
  const digests = async () => {
    const found: string[] = [];
    for (const name of names) {
      await runTool('qemu-img', ['convert', '-O', 'raw', workplace.path(name), workplace.path('content')]);
      found.push(
        createHash('sha256')
          .update(await readFile(workplace.path('content')))
          .digest('hex'),
      );
    }
    return found;
  };
  const before = await digests();
  const words = ['--format', 'raw', ...names.slice(0, 5), '--format', 'qcow2', ...names.slice(5)];
  const { stdout } = await workplace.run('plan', '-q', '-O', 'json', '--bases', 'existing', ...words);
  await workplace.write('plan.json', stdout);
  expect((await apply(ACCEPT)).code).toBe(0);
  expect(await digests()).toEqual(before);
  expect((await apply('--rollback')).code).toBe(0);
  expect(await digests()).toEqual(before);
});

test('a dry run writes nothing and names the new files', async () => {
  await plan('--bases', 'existing');
  const before = [await inodes(), await readdir(workplace.directory)];
  const { code, stdout } = await apply('--dry-run', ACCEPT);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^NEW FILE +BASE$/m);
  expect(stdout).toMatch(/\/b\.raw +\/.*\.base$/m);
  expect([await inodes(), await readdir(workplace.directory)]).toEqual(before);
});

test('a plan is applied only once, and --resume changes nothing afterwards', async () => {
  await plan();
  expect((await apply(ACCEPT)).code).toBe(0);
  const again = await apply(ACCEPT);
  expect([again.code, again.stderr]).toEqual([
    4,
    expect.stringMatching(/has already been started; continue with --resume or undo it with --rollback/),
  ]);
  const before = await inodes();
  expect((await apply(ACCEPT, '--resume')).code).toBe(0);
  expect(await inodes()).toEqual(before);
});

test.each(['--resume', '--rollback'])(
  'an overlay that a killed process was writing does not prevent %s',
  async (option) => {
    await plan('--bases', 'existing');
    const before = await contents();
    expect((await apply(ACCEPT)).code).toBe(0);
    const base = (await readdir(workplace.directory)).find((name) => name.endsWith('.base'))!;
    const [processId, namespace, , boot] = processMark().split('-');
    const mark = [processId, namespace, '1', boot].join('-');
    await overlay(workplace.path(base), workplace.path(`.virt-similarity-${mark}-0123456789abcdef.tmp`), 'raw');
    expect(await apply(ACCEPT, option)).toMatchObject({ code: 0 });
    expect(await contents()).toEqual(before);
    expect((await readdir(workplace.directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  },
);

test('a rollback is refused if a machine has written to an overlay', async () => {
  await plan('--bases', 'existing');
  expect((await apply(ACCEPT)).code).toBe(0);
  await runTool('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 0 4k', workplace.path('b.raw')]);
  const before = [await contents(), await inodes()];
  const { code, stderr } = await apply('--rollback');
  expect([code, stderr]).toEqual([6, expect.stringMatching(/b\.raw was written to since the plan was applied/)]);
  expect([await contents(), await inodes()]).toEqual(before);
});

test('a commit is refused if a base was written to', async () => {
  await plan('--bases', 'existing');
  expect((await apply(ACCEPT)).code).toBe(0);
  const base = (await readdir(workplace.directory)).find((name) => name.endsWith('.base'))!;
  await appendFile(workplace.path(base), 'x');
  const { code, stderr } = await apply('--commit');
  expect([code, stderr]).toEqual([6, expect.stringMatching(/is a base and was written to since the plan was applied/)]);
});

test('overlays keep permissions and extended attributes; bases become read-only', async () => {
  const path = workplace.path('b.raw');
  await runTool('chmod', ['640', path]);
  await runTool('setfattr', ['-n', 'user.note', '-v', 'mine', path]);
  await plan('--bases', 'existing');
  expect((await apply(ACCEPT)).code).toBe(0);
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  expect((await runTool('getfattr', ['--only-values', '-n', 'user.note', path])).stdout).toBe('mine');
  const base = (await readdir(workplace.directory)).find((name) => name.endsWith('.base'))!;
  expect((await stat(workplace.path(base))).mode & 0o222).toBe(0);
});
