import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { inspect } from '#readers/inspection/inspect.js';
import { runTool } from '../fixtures/index.js';

let directory: string;
const at = (name: string) => join(directory, name);

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-vmdk-')));
  await writeFile(at('disk.raw'), Buffer.alloc(4 * 2 ** 20, 'disk '));
});

afterEach(() => rm(directory, { recursive: true }));

function look(name: string) {
  return inspect({ path: at(name) }, { allowedDirectories: [directory] });
}

function convert(name: string, subformat: string): Promise<unknown> {
  return runTool('qemu-img', ['convert', '-O', 'vmdk', '-o', `subformat=${subformat}`, at('disk.raw'), at(name)]);
}

function snapshot(name: string, base: string): Promise<unknown> {
  return runTool('qemu-img', ['create', '-q', '-f', 'vmdk', '-F', 'vmdk', '-b', at(base), at(name)]);
}

/** Replaces a text in a file. If NUL bytes follow the text, the rest of the file keeps its position. */
async function replace(name: string, text: string, by: string): Promise<void> {
  const content = await readFile(at(name), 'latin1');
  expect(content).toContain(text);
  const end = content.indexOf('\0', content.indexOf(text));
  const changed = content.replace(text, by);
  const surplus = by.length - text.length;
  const kept = end < 0 ? changed : changed.slice(0, end + surplus) + content.slice(end + surplus);
  await writeFile(at(name), kept, 'latin1');
}

describe('the parent of a VMDK', () => {
  test.each(['monolithicSparse', 'monolithicFlat', 'twoGbMaxExtentSparse'])('%s is followed', async (subformat) => {
    await convert('base.vmdk', subformat);
    await snapshot('top.vmdk', 'base.vmdk');
    expect((await look('top.vmdk')).backing).toMatchObject({ format: 'vmdk', file: { path: at('base.vmdk') } });
  });

  test('that was written to after the snapshot makes the snapshot corrupt', async () => {
    await convert('base.vmdk', 'monolithicSparse');
    await snapshot('top.vmdk', 'base.vmdk');
    const cid = /\nparentCID=([\da-f]+)/.exec(await readFile(at('top.vmdk'), 'latin1'))?.[1];
    await runTool('qemu-io', ['-f', 'vmdk', '-c', 'write -P 1 0 64k', at('base.vmdk')]);
    const found = /\nCID=([\da-f]+)/.exec(await readFile(at('base.vmdk'), 'latin1'))?.[1];
    expect(found).not.toBe(cid);
    await expect(look('top.vmdk')).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(
        `its parent "${at('base.vmdk')}" was changed after this snapshot was made: expected CID ${cid?.padStart(8, '0')}, found CID ${found?.padStart(8, '0')}`,
      ),
    });
  });

  test('that has another format makes the snapshot corrupt, with a remedy other than a rebase', async () => {
    await runTool('qemu-img', ['create', '-q', '-f', 'qcow2', at('base.vmdk'), '4M']);
    await runTool('qemu-img', ['create', '-q', '-f', 'vmdk', at('top.vmdk'), '4M']);
    await replace('top.vmdk', 'parentCID=ffffffff', 'parentCID=0000000a\nparentFileNameHint="base.vmdk"');
    const error = await look('top.vmdk').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/expected a vmdk header, found a qcow2 header; correct parentFileNameHint/),
    });
  });

  test('with a Windows path is refused, and the message does not double its backslashes', async () => {
    await runTool('qemu-img', ['create', '-q', '-f', 'vmdk', at('top.vmdk'), '4M']);
    const hint = 'parentFileNameHint="C:\\VMs\\p.vmdk"';
    await replace('top.vmdk', 'parentCID=ffffffff', `parentCID=0000000a\n${hint}`);
    await expect(look('top.vmdk')).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/its parentFileNameHint "C:\\VMs\\p\.vmdk" cannot be used: it is a Windows path/),
    });
  });

  test('with a path of an ESXi host is reported as missing', async () => {
    await runTool('qemu-img', ['create', '-q', '-f', 'vmdk', at('top.vmdk'), '4M']);
    await replace('top.vmdk', 'parentCID=ffffffff', 'parentCID=0000000a\nparentFileNameHint="/vmfs/p.vmdk"');
    await expect(look('top.vmdk')).rejects.toMatchObject({
      code: 'unreadable',
      message: expect.stringMatching(
        /parentFileNameHint "\/vmfs\/p\.vmdk" cannot be used: there is no such file; copy it there, or correct parentFileNameHint in the child's descriptor$/,
      ),
    });
  });
});

describe('a part of a VMDK that is named directly', () => {
  test.each([
    ['twoGbMaxExtentSparse', 'web-s001.vmdk'],
    ['twoGbMaxExtentFlat', 'web-f001.vmdk'],
    ['monolithicFlat', 'web-flat.vmdk'],
  ])('of %s is refused, and the message suggests its descriptor', async (subformat, part) => {
    await convert('web.vmdk', subformat);
    await expect(look(part)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('a part of a VMDK; name the descriptor, usually "web.vmdk"'),
    });
    expect((await look('web.vmdk')).extentFiles.map(({ path }) => path)).toEqual([at(part)]);
  });
});

test('a descriptor with blank lines and comments is understood', async () => {
  await convert('web.vmdk', 'twoGbMaxExtentFlat');
  await replace('web.vmdk', 'RW ', '\n\n# first\nRW ');
  const { descriptor, virtualSize, extentFiles } = await look('web.vmdk');
  expect(virtualSize).toBe(4 * 2 ** 20);
  expect(descriptor).toMatchObject({
    createType: 'twoGbMaxExtentFlat',
    parentCid: 'ffffffff',
    extents: [{ kind: 'FLAT', sectors: 8192n, first: 0n }],
  });
  expect(extentFiles).toHaveLength(1);
});
