import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DiskImage, type Extent, partsOf, systemPath } from '@virt-similarity/core';
import { deterministicBytes, runTool } from '../fixtures/index.js';

/** Runs a tool and returns its standard output. @throws Error if the tool is missing or fails */
export async function runTestTool(command: string, ...commandArguments: string[]): Promise<string> {
  return (await runTool(command, commandArguments)).stdout;
}

/** Calls `use` with a temporary directory that is removed afterwards. */
export async function withDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-test-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Returns the same disk of a little over 5 MiB each time: runs of data that begin and end within clusters, compressible
 * text, noise, zeros between them, and an end that is not a multiple of 4 KiB.
 */
export function diskContent(): Buffer {
  const content = Buffer.alloc(5 * 2 ** 20 + 1536);
  fillWithNoise(content.subarray(0, 70_000), 1);
  content.fill('virt-similarity ', 2 ** 20, 2 ** 20 + 300_000);
  fillWithNoise(content.subarray(2 ** 21, 2 ** 21 + 65_536), 2);
  fillWithNoise(content.subarray(3 * 2 ** 20 + 100, 3 * 2 ** 20 + 5100), 3);
  fillWithNoise(content.subarray(5 * 2 ** 20), 4);
  return content;
}

/** Overwrites all of `target` with bytes that look random and depend only on the seed. */
export function fillWithNoise(target: Uint8Array, seed: number): void {
  target.set(deterministicBytes(String(seed), target.length));
}

/** Creates an image from raw bytes with `qemu-img convert`. */
export async function makeImage(
  path: string,
  format: string,
  content: Uint8Array,
  ...convertArguments: string[]
): Promise<void> {
  const raw = `${path}.source`;
  await writeFile(raw, content);
  await runTestTool('qemu-img', 'convert', '-f', 'raw', '-O', format, ...convertArguments, raw, path);
  await rm(raw);
}

/** Returns the guest-visible bytes of an image, converted by `qemu-img convert`. */
export async function convertedContent(path: string, format: string): Promise<Buffer> {
  const raw = `${path}.converted`;
  await runTestTool('qemu-img', 'convert', '-f', format, '-O', 'raw', path, raw);
  try {
    return await readFile(raw);
  } finally {
    await rm(raw);
  }
}

/** Returns all extents of an image. */
export async function extentsOf(image: DiskImage): Promise<Extent[]> {
  const extents: Extent[] = [];
  for await (const extent of image.extents()) {
    extents.push(extent);
  }
  return extents;
}

/** Reads the complete disk as a worker does: stored bytes from their files, all others through the image. */
export async function contentByExtents(image: DiskImage): Promise<Buffer> {
  const content = Buffer.alloc(image.virtualSize, 0xff);
  for (const extent of await extentsOf(image)) {
    const target = content.subarray(extent.start, extent.start + extent.length);
    if (extent.kind === 'zero') {
      target.fill(0);
    } else if (extent.stored === undefined) {
      await image.read(target, extent.start);
    } else {
      await readFully(partsOf(image.identity)[extent.stored.file]!.path, target, extent.stored.offset);
    }
  }
  return content;
}

/** Reads the complete disk through the image, with concurrent reads that are not aligned to clusters. */
export async function contentByReads(image: DiskImage): Promise<Buffer> {
  const content = Buffer.alloc(image.virtualSize, 0xff);
  const reads: Promise<void>[] = [];
  for (let position = 0; position < content.length; position += 99_991) {
    reads.push(image.read(content.subarray(position, position + 99_991), position));
  }
  await Promise.all(reads);
  return content;
}

async function readFully(path: string, target: Uint8Array, offset: number): Promise<void> {
  const file = await open(systemPath(path));
  try {
    const { bytesRead } = await file.read(target, 0, target.length, offset);
    if (bytesRead !== target.length) {
      throw new Error(`${path} ends at ${offset + bytesRead}, within an extent of ${target.length} bytes at ${offset}`);
    }
  } finally {
    await file.close();
  }
}
