import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chainOf } from '#image-tools/qemu/chain-of.js';
import { isConfined } from '#image-tools/qemu/sandbox-policy.js';
import { withFakeProgram } from '../../../fixtures/index.js';
import { inspectedImage, layer } from '../../../fixtures/inspected-image.js';

const TOOL = { command: 'sh', package: 'dash' };
const BASE = inspectedImage({ format: 'raw', path: '/images/base.raw' });
const OVERLAY = inspectedImage({ format: 'qcow2', path: '/images/a.qcow2', backing: BASE });
const VMDK = inspectedImage({ format: 'vmdk', path: '/images/a.vmdk', extentFiles: [layer('/images/a-flat.vmdk')] });

function callWith(notes: string[]) {
  return { component: 'qemu', image: 'a', warn: (note: string) => void notes.push(note) };
}

describe('whether or not a sandbox works,', () => {
  test('the caller can disable the sandbox', async () => {
    expect(await isConfined(TOOL, chainOf(VMDK), { ...callWith([]), sandbox: 'off' })).toBe(false);
  });

  test('a missing tool is not confined, because its start fails with a better message', async () => {
    const missing = { command: 'virt-similarity-no-such-program', package: 'none' };
    expect(await isConfined(missing, chainOf(VMDK), callWith([]))).toBe(false);
  });
});

describe('if bwrap is missing,', () => {
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

  test('raw and qcow2 are opened without a sandbox, after one warning', async () => {
    const notes: string[] = [];
    const call = callWith(notes);
    expect(await isConfined(TOOL, chainOf(OVERLAY), call)).toBe(false);
    expect(await isConfined(TOOL, chainOf(BASE), call)).toBe(false);
    expect(notes).toEqual(["[qemu] qemu's tools run without a sandbox: bwrap is not installed; install bubblewrap"]);
  });

  test.each([
    ['another format', VMDK],
    ['another format below qcow2', { ...OVERLAY, backing: VMDK }],
  ])('%s is refused, with a remedy', async (_, image) => {
    await expect(isConfined(TOOL, chainOf(image), callWith([]))).rejects.toMatchObject({
      code: 'refused',
      message:
        '[qemu] cannot read a: sh opens vmdk images only in a sandbox, and bwrap is not installed; ' +
        "install bubblewrap or pass `sandbox: 'off'`",
    });
  });
});

test('the reason is reported if bwrap does not work', async () => {
  await withFakeProgram('bwrap', 'echo "bwrap: No permissions to create new namespace" >&2; exit 1', async () => {
    await expect(isConfined(TOOL, chainOf(VMDK), callWith([]))).rejects.toMatchObject({
      message: expect.stringContaining('bwrap does not work here (No permissions to create new namespace)'),
    });
  });
});
