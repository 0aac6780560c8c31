import { copyFile, mkdir, open, rm, truncate } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { runCommand } from '../command.mjs';
import { RandomBytes, writeRandom } from './random-bytes.mjs';

const MIB = 2 ** 20;
const BLOCK = 65_536;

/** Builds the raw disk of random bytes. Returns its path. */
export function randomDisk({ sizes, data }) {
  return data.ready('random.raw', (path) => writeRandom(path, { seed: 'random', length: sizes.random }));
}

/** Builds the random disk as qcow2. Returns its path. */
export async function randomQcow2(context) {
  const raw = await randomDisk(context);
  return context.data.ready('random.qcow2', (path) => convert(raw, path, 'qcow2', []));
}

/**
 * Builds a compressed qcow2 image of the random disk's size. Returns its path. Three quarters of every block are random
 * and one quarter is text, because qemu-img stores incompressible blocks uncompressed.
 */
export function compressedQcow2({ sizes, data }) {
  return data.ready('compressed.qcow2', async (path) => {
    const raw = `${path}.raw`;
    try {
      await writeRandom(raw, { seed: 'compressed', length: sizes.random, shape: fillQuarters });
      await convert(raw, path, 'qcow2', ['-c', '-W', '-m', '4']);
    } finally {
      await rm(raw, { force: true });
    }
  });
}

/**
 * Builds a compressed raw disk of the random disk's size, with the content of the compressed qcow2 image. Returns its
 * path.
 *
 * @param {string} extension the extension of the compressed file, such as `zst`
 * @param {readonly string[]} command the program and arguments that compress a file to standard output
 */
export function compressedDisk({ sizes, data }, extension, [program, ...args]) {
  return data.ready(`compressed.raw.${extension}`, async (path) => {
    const raw = `${path}.raw`;
    try {
      await writeRandom(raw, { seed: 'compressed', length: sizes.random, shape: fillQuarters });
      const command = [program, ...args, raw].map((word) => `'${word}'`).join(' ');
      await runCommand('sh', ['-c', `${command} > '${path}'`]);
    } finally {
      await rm(raw, { force: true });
    }
  });
}

/** Builds a raw disk without holes. Returns its path. */
export function denseDisk({ sizes, data }) {
  return data.ready('dense.raw', (path) => writeRandom(path, { seed: 'dense', length: sizes.dense }));
}

/** Builds the thin raw disk, with as much data as the dense disk, in widely spaced runs of 1 MiB. Returns its path. */
export function thinDisk({ sizes, data }) {
  return data.ready('thin.raw', async (path) => {
    const random = new RandomBytes('thin');
    const runs = sizes.dense / MIB;
    const distance = Math.floor(sizes.thin / runs / BLOCK) * BLOCK;
    const file = await open(path, 'w');
    try {
      for (let run = 0; run < runs; run++) {
        await file.write(random.next(MIB), 0, MIB, run * distance);
      }
      await file.truncate(sizes.thin);
      await file.datasync();
    } finally {
      await file.close();
    }
  });
}

/** Builds the thin disk in another format. Returns its path. */
export async function thinConverted(context, format) {
  const raw = await thinDisk(context);
  return context.data.ready(`thin.${format}`, (path) => convert(raw, path, format, []));
}

/** Builds a stream-optimized vmdk of the dense disk's size. A quarter of every block is text. Returns its path. */
export function streamOptimizedVmdk({ sizes, data }) {
  return data.ready('stream.vmdk', async (path) => {
    const raw = `${path}.raw`;
    try {
      await writeRandom(raw, { seed: 'stream', length: sizes.dense, shape: fillQuarters });
      await convert(raw, path, 'vmdk', ['-o', 'subformat=streamOptimized']);
    } finally {
      await rm(raw, { force: true });
    }
  });
}

/** Builds an OVA with the stream-optimized vmdk. Returns its path. */
export async function vmdkInOva(context) {
  const vmdk = await streamOptimizedVmdk(context);
  return context.data.ready('stream.ova', (path) =>
    runCommand('tar', ['--format', 'ustar', '-C', dirname(vmdk), '-cf', path, basename(vmdk)]),
  );
}

/** Builds overlays on the random disk's qcow2, each with its own data in runs of 1 MiB. Returns their paths. */
export async function overlays(context) {
  const { sizes, data } = context;
  const base = await randomQcow2(context);
  const directory = await data.ready('overlays', async (path) => {
    await mkdir(path);
    for (let index = 0; index < sizes.overlays; index++) {
      await makeOverlay(path, index, base, sizes);
    }
  });
  return Array.from({ length: sizes.overlays }, (_, index) => join(directory, overlayName(index)));
}

async function makeOverlay(directory, index, base, { random: size, own }) {
  const pattern = join(directory, 'pattern');
  const runs = own / MIB;
  const slot = size / runs;
  const commands = [];
  for (let run = 0; run < runs; run++) {
    await writeRandom(`${pattern}-${run}`, { seed: `overlay ${index} ${run}`, length: MIB });
    const position = Math.floor((run * slot + ((index * 37) % 16) * BLOCK) / BLOCK) * BLOCK;
    commands.push('-c', `write -q -s pattern-${run} ${position} ${MIB}`);
  }
  const backing = join('..', basename(base));
  const create = ['create', '-q', '-f', 'qcow2', '-b', backing, '-F', 'qcow2', overlayName(index)];
  await runCommand('qemu-img', create, { cwd: directory });
  await runCommand('qemu-io', ['-f', 'qcow2', ...commands, overlayName(index)], { cwd: directory });
  for (let run = 0; run < runs; run++) {
    await rm(`${pattern}-${run}`);
  }
}

/**
 * Builds raw disks of one family, as large as the dense disk, which differ in their last tenth. qemu-img compare stops
 * at the first difference, so it must read nine tenths of each. Returns their paths.
 */
export async function diskFamily(context) {
  const { sizes, data } = context;
  const base = await denseDisk(context);
  const ownFrom = Math.floor((sizes.dense * 0.9) / BLOCK) * BLOCK;
  const directory = await data.ready('family', async (path) => {
    await mkdir(path);
    for (let index = 0; index < sizes.family; index++) {
      const disk = join(path, familyName(index));
      await copyFile(base, disk);
      await writeRandom(disk, { seed: `family ${index}`, length: sizes.dense - ownFrom, position: ownFrom });
    }
  });
  return Array.from({ length: sizes.family }, (_, index) => join(directory, familyName(index)));
}

/** Makes raw disks that consist of a single hole and differ only in names and times. Returns their paths. */
export async function makeEmptyDisks(directory, count, size) {
  await mkdir(directory);
  const paths = Array.from({ length: count }, (_, index) => join(directory, `guest-${number(index)}.raw`));
  for (const path of paths) {
    await (await open(path, 'w')).close();
    await truncate(path, size);
  }
  return paths;
}

/** Reads files once, so that they are in the page cache. */
export async function warm(paths) {
  await runCommand('cat', paths);
}

async function convert(raw, path, format, options) {
  await runCommand('qemu-img', ['convert', ...options, '-f', 'raw', '-O', format, raw, path]);
}

function fillQuarters(chunk) {
  for (let start = 0; start < chunk.length; start += BLOCK) {
    chunk.fill('virtual machine ', start, start + BLOCK / 4);
  }
}

const overlayName = (index) => `overlay-${number(index)}.qcow2`;
const familyName = (index) => `guest-${number(index)}.raw`;
const number = (index) => String(index + 1).padStart(4, '0');
