import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inspect } from '#readers/inspection/inspect.js';
import { runTool } from '../fixtures/index.js';
import { fillWithNoise } from './qemu-images.js';

/** Not a whole number of cylinders: 10,272 sectors, but a geometry of 151 × 4 × 17 has 10,268. */
const DISK_BYTES = 10_272 * 512;
const GEOMETRY_BYTES = 151 * 4 * 17 * 512;
const FOOTER_BYTES = 512;
let directory: string;

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-vhd-')));
});

afterAll(() => rm(directory, { recursive: true }));

function content(): Buffer {
  const bytes = Buffer.alloc(DISK_BYTES);
  fillWithNoise(bytes, 7);
  return bytes;
}

/** Changes the creator, the size and the geometry in a footer, and updates its checksum. */
function sign(footer: Buffer, creator: string): void {
  footer.write(creator, 28, 'latin1');
  footer.writeBigUInt64BE(BigInt(DISK_BYTES), 40);
  footer.writeBigUInt64BE(BigInt(DISK_BYTES), 48);
  footer.writeUInt16BE(151, 56);
  footer.set([4, 17], 58);
  footer.writeUInt32BE(0, 64);
  footer.writeUInt32BE(~footer.reduce((sum, byte) => sum + byte, 0) >>> 0, 64);
}

async function writeVhd(subformat: 'fixed' | 'dynamic', creator: string): Promise<string> {
  const raw = join(directory, 'content.raw');
  const path = join(directory, `${subformat}.vhd`);
  await writeFile(raw, content());
  const options = `subformat=${subformat},force_size=on`;
  await runTool('qemu-img', ['convert', '-f', 'raw', '-O', 'vpc', '-o', options, raw, path]);
  const file = await readFile(path);
  sign(file.subarray(-FOOTER_BYTES), creator);
  if (subformat === 'dynamic') {
    sign(file.subarray(0, FOOTER_BYTES), creator);
  }
  await writeFile(path, file);
  return path;
}

/** Reads an image with qemu, using the driver options from its inspection. */
async function readByQemu(path: string): Promise<Buffer> {
  const { format, driverOptions, virtualSize } = await inspect({ path }, { allowedDirectories: [] });
  const node = { driver: format, ...driverOptions, file: { driver: 'file', filename: path } };
  const raw = join(directory, 'read.raw');
  await runTool('qemu-img', ['convert', '-O', 'raw', `json:${JSON.stringify(node)}`, raw]);
  const bytes = await readFile(raw);
  expect(bytes.length).toBe(virtualSize);
  return bytes;
}

describe.each(['fixed', 'dynamic'] as const)('a %s VHD', (subformat) => {
  test.each([
    ['Azure', 'wa\0\0'],
    ['VirtualBox', 'vbox'],
    ['XenServer', 'tap\0'],
    ['XenConverter', 'CTXS'],
    ['Hyper-V', 'win '],
    ['disk2vhd', 'd2v '],
    ['qemu', 'qem2'],
    ['an unknown program', 'abcd'],
  ])('of %s is read to its end', async (_, creator) => {
    expect((await readByQemu(await writeVhd(subformat, creator))).equals(content())).toBe(true);
  });

  test.each([
    ['Virtual PC', 'vpc '],
    ['an old qemu', 'qemu'],
  ])('of %s is read to the end of its geometry', async (_, creator) => {
    const bytes = await readByQemu(await writeVhd(subformat, creator));
    expect(bytes.equals(content().subarray(0, GEOMETRY_BYTES))).toBe(true);
  });
});
