import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sandboxView } from '#readers/qemu/sandbox-view.js';
import { withFakeProgram } from '../../../fixtures/index.js';
import { inspectedImage, layer } from './inspected-image.js';

const TOOL = { command: 'sh', package: 'dash' };
const BASE = inspectedImage({ format: 'raw', path: '/images/base.raw' });
const OVERLAY = inspectedImage({ format: 'qcow2', path: '/images/a.qcow2', backing: BASE });
const VMDK = inspectedImage({ format: 'vmdk', path: '/images/a.vmdk', extentFiles: [layer('/images/a-flat.vmdk')] });

function callWith(notes: string[]) {
  return { component: 'qemu', image: 'a', warn: (note: string) => void notes.push(note) };
}

describe('where the sandbox works', () => {
  test('a tool sees every file of the chain', async () => {
    expect(await sandboxView(TOOL, OVERLAY, callWith([]))).toEqual({
      readable: ['/images/a.qcow2', '/images/base.raw'],
      devices: [],
      writable: [],
    });
    expect(await sandboxView(TOOL, VMDK, callWith([]))).toMatchObject({
      readable: ['/images/a.vmdk', '/images/a-flat.vmdk'],
    });
  });

  test('a block device is seen as such', async () => {
    const device = inspectedImage({ format: 'raw', path: '/dev/vg/disk', isDevice: true });
    expect(await sandboxView(TOOL, device, callWith([]))).toMatchObject({ readable: [], devices: ['/dev/vg/disk'] });
  });

  test('the caller can do without', async () => {
    expect(await sandboxView(TOOL, VMDK, { ...callWith([]), sandbox: 'off' })).toBeUndefined();
  });

  test('a tool that is not installed is left to whoever starts it', async () => {
    const missing = { command: 'virt-similarity-no-such-program', package: 'none' };
    expect(await sandboxView(missing, VMDK, callWith([]))).toBeUndefined();
  });
});

describe('where bwrap is missing', () => {
  const path = process.env.PATH;
  let tools: string;

  beforeAll(async () => {
    tools = await mkdtemp(join(tmpdir(), 'virt-similarity-tools-'));
    await symlink('/bin/sh', join(tools, 'sh'));
    process.env.PATH = tools;
  });

  afterAll(async () => {
    process.env.PATH = path;
    await rm(tools, { recursive: true });
  });

  test('raw and qcow2 are opened without, after one warning', async () => {
    const notes: string[] = [];
    const call = callWith(notes);
    expect(await sandboxView(TOOL, OVERLAY, call)).toBeUndefined();
    expect(await sandboxView(TOOL, BASE, call)).toBeUndefined();
    expect(notes).toEqual(["[qemu] qemu's tools run without a sandbox: bwrap is not installed; install bubblewrap"]);
  });

  test.each([
    ['another format', VMDK],
    ['another format beneath qcow2', { ...OVERLAY, backing: VMDK }],
  ])('%s is refused, with the remedy', async (_, image) => {
    await expect(sandboxView(TOOL, image, callWith([]))).rejects.toMatchObject({
      code: 'refused',
      message:
        '[qemu] cannot read a: qemu opens vmdk images in a sandbox only, and bwrap is not installed; ' +
        'install bubblewrap or give --no-sandbox',
    });
  });
});

test('a bwrap that does not work says why', async () => {
  await withFakeProgram('bwrap', 'echo "bwrap: No permissions to create new namespace" >&2; exit 1', async () => {
    await expect(sandboxView(TOOL, VMDK, callWith([]))).rejects.toMatchObject({
      message: expect.stringContaining('bwrap does not work here (No permissions to create new namespace)'),
    });
  });
});
