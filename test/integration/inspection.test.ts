import { mkdtemp, realpath, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { formatsOf, partsOf } from '@virt-similarity/core';
import { identityOf } from '#readers/inspection/identity-of.js';
import { inspect } from '#readers/inspection/inspect.js';
import { FORMAT_SAMPLES, runTool, writeFormatSamples } from '../fixtures/index.js';

const MIB = 1 << 20;
let directory: string;

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-inspection-')));
  const content = join(directory, 'content.raw');
  await writeFile(content, Buffer.alloc(3 * MIB, 'content'));
  await truncate(content, 5 * MIB);
  await writeFormatSamples(content, directory);
});

afterAll(() => rm(directory, { recursive: true }));

function look(name: string, format?: string) {
  const path = join(directory, name);
  return inspect(format === undefined ? { path } : { path, format }, { allowedDirectories: [directory] });
}

function create(name: string, format: string, ...more: readonly string[]): Promise<unknown> {
  return runTool('qemu-img', ['create', '-q', '-f', format, ...more, join(directory, name)]);
}

interface ImageInfo {
  readonly format: string;
  readonly 'virtual-size': number;
}

async function infoOf(name: string, format: string): Promise<ImageInfo> {
  const { stdout } = await runTool('qemu-img', ['info', '--output=json', '-f', format, join(directory, name)]);
  return JSON.parse(stdout);
}

describe('inspection is right about', () => {
  test.each(FORMAT_SAMPLES.map(({ file, format }) => [file, format]))('%s as %s', async (file, format) => {
    const image = await look(file!);
    const info = await infoOf(file!, format!);
    expect(image.format).toBe(info.format);
    expect(image.virtualSize).toBe(info['virtual-size']);
  });

  test.each(FORMAT_SAMPLES.map(({ file, format }) => [file, format]))(
    '%s if the format %s is stated',
    async (file, format) => {
      expect((await look(file!, format)).format).toBe(format);
    },
  );

  test('an image of qcow version 1', async () => {
    await create('first.qcow', 'qcow', '-o', 'size=5M');
    expect(await look('first.qcow')).toMatchObject({ format: 'qcow', virtualSize: 5 * MIB });
  });

  test('the extents of flat and split vmdk images', async () => {
    const paths = async (name: string) => (await look(name)).extentFiles.map(({ path }) => path);
    expect(await paths('flat.vmdk')).toEqual([join(directory, 'flat-flat.vmdk')]);
    expect(await paths('split.vmdk')).toEqual([join(directory, 'split-s001.vmdk')]);
  });
});

describe('backing files that qemu-img writes', () => {
  test.each([
    ['over.qcow2', 'qcow2', 'plain.qcow2', 'qcow2'],
    ['over-2.qcow2', 'qcow2', 'dynamic.vdi', 'vdi'],
    ['over.qed', 'qed', 'content.raw', 'raw'],
    ['over.qcow', 'qcow', 'plain.qcow2', 'qcow2'],
    ['over.vmdk', 'vmdk', 'sparse.vmdk', 'vmdk'],
  ])('are followed from %s', async (name, format, base, baseFormat) => {
    await create(name, format, '-b', base, '-F', baseFormat);
    const identity = identityOf(await look(name));
    expect(formatsOf(identity)).toBe(`${format}<${baseFormat}`);
    expect(partsOf(identity).map(({ path }) => path)).toEqual([join(directory, name), join(directory, base)]);
  });
});

describe('images that qemu-img creates are refused', () => {
  test('with an external data file', async () => {
    await create('external.qcow2', 'qcow2', '-o', `data_file=${join(directory, 'data.raw')},size=1M`);
    await expect(look('external.qcow2')).rejects.toMatchObject({ code: 'refused' });
  });

  test('with encryption', async () => {
    // Not LUKS, whose key derivation measures the processor's speed. This sometimes fails on a busy machine.
    const secret = ['--object', 'secret,id=key,data=sixteen-letters!'];
    await create('encrypted.qcow2', 'qcow2', ...secret, '-o', 'encrypt.format=aes,encrypt.key-secret=key,size=1M');
    await expect(look('encrypted.qcow2')).rejects.toMatchObject({ code: 'refused' });
  });

  test('with a disk of 64 PiB', async () => {
    await create('huge.qcow2', 'qcow2', '-o', 'size=64P,cluster_size=2M');
    await expect(look('huge.qcow2')).rejects.toMatchObject({ code: 'refused' });
  });
});

test('an image that is truncated after its header is corrupt', async () => {
  for (const [name, format] of [
    ['cut.qcow2', 'qcow2'],
    ['cut.vdi', 'vdi'],
    ['cut.qed', 'qed'],
  ] as const) {
    await create(name, format, '-o', 'size=1G');
    await truncate(join(directory, name), 600);
    await expect(look(name)).rejects.toMatchObject({ code: 'corrupt' });
  }
});
