import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type DiskImage, type DiskReader, type DiskSource, type IdentifiedSource } from '@virt-similarity/core';
import { LibguestfsReader } from '@virt-similarity/readers';
import { diskReaderContract } from '@virt-similarity/testing';
import { createRunDirectory } from '#image-tools/processes/run-directory.js';
import { inspect } from '#readers/inspection/inspect.js';
import { exportDrive } from '#readers/libguestfs/drive-export.js';
import { openImage } from '../fixtures/open-image.js';
import {
  eventually,
  guestfishesOf,
  helpersOf,
  isRunning,
  machinesOf,
  runDirectoriesOf,
} from './libguestfs-processes.js';
import {
  contentByReads,
  convertedContent,
  diskContent,
  extentsOf,
  fillWithNoise,
  makeImage,
  runTestTool,
} from './qemu-images.js';

const CANARY = 'bytes of a host file that no guest may see';

/** The position at which the damaged image cannot be read. */
const DAMAGED_POSITION = 2 ** 20;

const reader = new LibguestfsReader();
const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-test-'));
const options = { allowedDirectories: [directory] };
const at = (name: string) => join(directory, name);

/** Images that must read like the output of `qemu-img convert`, with their options. */
const CONVERTED: readonly (readonly [name: string, format: string, ...convertArguments: string[]])[] = [
  ['plain.qcow2', 'qcow2'],
  ['compressed.qcow2', 'qcow2', '-c'],
  ['clusters.qcow2', 'qcow2', '-o', 'cluster_size=512'],
  ['sparse.vmdk', 'vmdk', '-o', 'subformat=monolithicSparse'],
  ['stream.vmdk', 'vmdk', '-o', 'subformat=streamOptimized'],
  ['disk.vdi', 'vdi'],
  ['disk.vhdx', 'vhdx'],
  ['disk.vpc', 'vpc'],
  ['disk.qed', 'qed'],
  ['disk.parallels', 'parallels'],
];

const RAW_SIZES = [0, 1, 1000, 65_535, 5_000_001];
const rawName = (size: number) => `raw-${size}.img`;
const source = (name: string, format: string): DiskSource => ({ path: at(name), format });

const sources = {
  converted: CONVERTED.map(([name, format]) => source(name, format)),
  overlay: source('top.qcow2', 'qcow2'),
  raw: RAW_SIZES.map((size) => source(rawName(size), 'raw')),
  disguised: source('disguised.img', 'raw'),
  cut: source('cut.qcow2', 'qcow2'),
  damaged: source('damaged.qcow2', 'qcow2'),
  missing: source('missing.qcow2', 'qcow2'),
  contract: source('contract.qcow2', 'qcow2'),
  contractMissing: source('missing-contract.qcow2', 'qcow2'),
  /** Stays open, so that the appliance keeps running. */
  anchor: source('anchor.img', 'raw'),
};

let session: ReturnType<LibguestfsReader['startSession']>;
let anchor: DiskImage;

beforeAll(async () => {
  const content = diskContent();
  await Promise.all(
    CONVERTED.map(([name, format, ...convertArguments]) => makeImage(at(name), format, content, ...convertArguments)),
  );
  await makeImage(at('contract.qcow2'), 'qcow2', content, '-c');
  await makeImage(at('cut.qcow2'), 'qcow2', content);
  await truncate(at('cut.qcow2'), 300_000);
  await makeOverlay();
  await makeDamaged(content);
  await makeDisguised();
  for (const size of RAW_SIZES) {
    const bytes = Buffer.alloc(size);
    fillWithNoise(bytes, size);
    await writeFile(at(rawName(size)), bytes);
  }
  await writeFile(at('anchor.img'), '\0anchor');
  session = reader.startSession(await Promise.all(Object.values(sources).flat().map(identified)), options);
  anchor = await openInSession(sources.anchor);
});

afterAll(async () => {
  await anchor?.close();
  await session?.close();
  await rm(directory, { recursive: true });
});

/** Returns a source with its identity, as a run announces it, or with an empty identity if it cannot be identified. */
async function identified(of: DiskSource): Promise<IdentifiedSource> {
  const identity = await reader.identify(of, options).catch(() => undefined);
  return { source: of, identity: identity ?? { chain: [] } };
}

/** Opens an image that was announced. */
function openInSession(of: DiskSource): Promise<DiskImage> {
  return session.open(of, { chain: [] }, options);
}

async function makeOverlay(): Promise<void> {
  await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', 'plain.qcow2', '-F', 'qcow2', at('top.qcow2'));
  await runTestTool(
    'qemu-io',
    '-f',
    'qcow2',
    '-c',
    'write -q -P 7 1M 128k',
    '-c',
    'write -q -z 2M 64k',
    at('top.qcow2'),
  );
}

/**
 * Writes a compressed image whose cluster at 1 MiB is not deflated data, so that only reading this cluster fails.
 * Format: https://www.qemu.org/docs/master/interop/qcow2.html.
 */
async function makeDamaged(content: Buffer): Promise<void> {
  await makeImage(at('damaged.qcow2'), 'qcow2', content, '-c');
  const bytes = await readFile(at('damaged.qcow2'));
  const firstL1Entry = bytes.readBigUInt64BE(Number(bytes.readBigUInt64BE(40)));
  const l2Table = Number(firstL1Entry & 0x00ff_ffff_ffff_fe00n);
  const descriptor = bytes.readBigUInt64BE(l2Table + (DAMAGED_POSITION / 65_536) * 8);
  const cluster = Number(descriptor & (2n ** 54n - 1n));
  bytes.fill(0xff, cluster, cluster + 16);
  await writeFile(at('damaged.qcow2'), bytes);
}

/** Writes a raw disk to which a guest wrote a qcow2 header that names a file of the host as its backing file. */
async function makeDisguised(): Promise<void> {
  await writeFile(at('canary'), CANARY.padEnd(2 ** 20));
  await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', at('canary'), '-F', 'raw', at('disguised.img'));
  await truncate(at('disguised.img'), 2 ** 20);
}

async function readWhole(from: DiskSource): Promise<Buffer> {
  const image = await openInSession(from);
  try {
    return await contentByReads(image);
  } finally {
    await image.close();
  }
}

/** Tests compare digests, because a difference of megabytes is not a useful message. */
function digest(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

describe('in one appliance,', () => {
  test.each(CONVERTED)('%s reads like the output of qemu-img convert', async (name, format) => {
    expect(digest(await readWhole(source(name, format)))).toBe(digest(await convertedContent(at(name), format)));
  });

  test('an overlay reads as its complete chain', async () => {
    const expected = await convertedContent(at('top.qcow2'), 'qcow2');
    expect(digest(await readWhole(sources.overlay))).toBe(digest(expected));
  });

  test.each(RAW_SIZES)('a raw image of %i bytes is read exactly', async (size) => {
    const content = await readWhole(source(rawName(size), 'raw'));
    expect(content.length).toBe(size);
    expect(digest(content)).toBe(digest(await readFile(at(rawName(size)))));
  });

  test('a raw disk that begins with a qcow2 header is read as raw, without the backing file', async () => {
    const content = await readWhole(sources.disguised);
    expect(digest(content)).toBe(digest(await readFile(at('disguised.img'))));
    expect(content.includes(CANARY)).toBe(false);
  });

  test('data is read through the appliance, holes are not', async () => {
    const image = await openInSession(source('plain.qcow2', 'qcow2'));
    const extents = await extentsOf(image);
    await image.close();
    expect(extents.every((extent) => extent.kind === 'zero' || extent.stored === undefined)).toBe(true);
    expect(extents.some((extent) => extent.kind === 'zero')).toBe(true);
  });

  test('a truncated or missing image does not affect others', async () => {
    await expect(openInSession(sources.missing)).rejects.toMatchObject({ code: 'unreadable' });
    await expect(readWhole(sources.cut)).rejects.toMatchObject({ code: 'corrupt' });
    await expect(readWhole(source('plain.qcow2', 'qcow2'))).resolves.toBeDefined();
  });

  test('a read that fails in the appliance reports the position and does not affect others', async () => {
    await expect(readWhole(sources.damaged)).rejects.toMatchObject({
      code: 'unreadable',
      image: at('damaged.qcow2'),
      message: expect.stringMatching(new RegExp(`^\\[libguestfs\\] cannot read .*: .* at byte ${DAMAGED_POSITION}\\b`)),
    });
    await expect(readWhole(source('plain.qcow2', 'qcow2'))).resolves.toBeDefined();
  });

  describe('the reader meets the contract:', () => {
    const inSession: DiskReader = {
      identify: (from, readOptions) => reader.identify(from, readOptions),
      open: (from, identity, readOptions) => session.open(from, identity, readOptions),
    };
    let content: Buffer;
    beforeAll(async () => {
      content = await convertedContent(at('contract.qcow2'), 'qcow2');
    });
    const create = async () => ({ reader: inSession, image: { source: sources.contract, options, content } });
    for (const { title, run } of diskReaderContract(create)) {
      test(title, run);
    }
  });
});

test('the file behind a drive refuses writes and does not change', async () => {
  const path = at('anchor.img');
  const before = await readFile(path);
  const runDirectory = await createRunDirectory();
  const exported = await exportDrive(await inspect({ path, format: 'raw' }, options), {
    component: 'libguestfs',
    image: path,
    runDirectory,
  });
  try {
    const uri = `nbd+unix:///?socket=${exported.socketPath}`;
    await expect(runTestTool('qemu-io', '-f', 'raw', '-c', 'write -P 9 0 512', uri)).rejects.toThrow();
    expect(await runTestTool('nbdinfo', uri)).toMatch(/is_read_only: false/);
    expect(await readFile(path)).toEqual(before);
  } finally {
    await exported.close();
    await runDirectory.remove();
  }
});

describe('the reader libguestfs', () => {
  const path = process.env.PATH;

  afterEach(() => {
    process.env.PATH = path;
  });

  test.each([
    ['guestfish', "install guestfish libguestfs-tools linux-image-cloud-amd64, or choose `reader: 'qemu'`"],
    ['nbdkit', "install nbdkit, or choose `reader: 'qemu'`"],
    ['qemu-nbd', 'install qemu-utils'],
  ])('reports what to install if %s is missing', async (missing, remedy) => {
    const tools = await mkdtemp(at('tools-'));
    for (const tool of ['sh', 'guestfish', 'nbdkit', 'qemu-img', 'qemu-nbd']) {
      if (tool !== missing) {
        await symlink((await runTestTool('which', tool)).trim(), join(tools, tool));
      }
    }
    process.env.PATH = tools;
    await expect(openImage(reader, sources.anchor, { ...options, sandbox: 'off' })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`${missing} is not installed; ${remedy}`),
    });
  });
});

test('a killed appliance is replaced, and the image is read completely', async () => {
  const known = await guestfishesOf(process.pid);
  const [first, second] = [source('plain.qcow2', 'qcow2'), source('disk.vdi', 'vdi')];
  const warnings: string[] = [];
  const announced = await Promise.all([first, second].map(identified));
  const killed = reader.startSession(announced, { ...options, warn: (message) => void warnings.push(message) });
  try {
    const images = await Promise.all(announced.map((image) => killed.open(image.source, image.identity, options)));
    const before = await contentByReads(images[0]!);
    const [guestfish] = (await guestfishesOf(process.pid)).filter((pid) => !known.includes(pid));
    const machines = await machinesOf(guestfish!);
    expect(machines).toHaveLength(1);
    process.kill(machines[0]!, 'SIGKILL');
    const after = await contentByReads(images[1]!);
    expect(digest(before)).toBe(digest(await convertedContent(first.path, 'qcow2')));
    expect(digest(after)).toBe(digest(await convertedContent(second.path, 'vdi')));
    expect(warnings).toEqual([expect.stringContaining(`while it read ${second.path}`)]);
    const now = (await guestfishesOf(process.pid)).filter((pid) => !known.includes(pid) && pid !== guestfish);
    expect(now).toHaveLength(1);
    expect(await isRunning(guestfish!)).toBe(false);
  } finally {
    await killed.close();
  }
});

test('an interrupted launch leaves no process and no file', async () => {
  const known = await guestfishesOf(process.pid);
  const directories = await runDirectoriesOf(process.pid);
  const helpers = await helpersOf(process.pid);
  const controller = new AbortController();
  const opening = openImage(reader, sources.anchor, { ...options, signal: controller.signal });
  opening.catch(() => undefined);
  let started: number[] = [];
  await eventually(async () => {
    started = (await guestfishesOf(process.pid)).filter((pid) => !known.includes(pid));
    return started.length > 0;
  });
  expect(started).toHaveLength(1);
  controller.abort();
  await expect(opening).rejects.toMatchObject({ code: 'aborted' });
  expect(await isRunning(started[0]!)).toBe(false);
  expect(await helpersOf(process.pid)).toEqual(helpers);
  expect(await runDirectoriesOf(process.pid)).toEqual(directories);
});

test('all processes that the program started end when it is killed', async () => {
  const script = `
    const { LibguestfsReader } = await import('@virt-similarity/readers');
    const [source, options] = ${JSON.stringify([sources.anchor, options])};
    const reader = new LibguestfsReader();
    await reader.open(source, await reader.identify(source, options), options);
  `;
  const program = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  const pid = program.pid!;
  try {
    expect(await eventually(async () => (await guestfishesOf(pid)).length > 0)).toBe(true);
    const [guestfish] = await guestfishesOf(pid);
    // The shell that waits, nbdkit, qemu-nbd and the appliance.
    expect(await eventually(async () => (await helpersOf(pid)).length >= 4)).toBe(true);
    program.kill('SIGKILL');
    const allGone = async () => !(await isRunning(guestfish!)) && (await helpersOf(pid)).length === 0;
    expect(await eventually(allGone)).toBe(true);
  } finally {
    program.kill('SIGKILL');
    await Promise.all((await runDirectoriesOf(pid)).map((path) => rm(path, { recursive: true, force: true })));
  }
});
