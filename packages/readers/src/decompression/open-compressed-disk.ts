import type { ReadOptions } from '@virt-similarity/core';
import { type InspectedImage, type QemuCall, startStream, toolFiles } from '@virt-similarity/image-tools';
import { requireNoWriter } from '../chain-map/require-no-writer.js';
import type { CompressedFile } from '../inspection/compressed-content.js';
import type { Compression } from '../inspection/containers.js';
import { CompressedDisk, MemoryLimitError, type RunningDecompressor } from './compressed-disk.js';
import { DECOMPRESSORS } from './decompressors.js';
import { Turns } from './turns.js';

/**
 * Opens a compressed raw disk after the inspection of its file. At first, a decompressor has a low memory limit, and
 * many can run at a time. If the beginning of a file needs more memory, the file is opened a second time, with a higher
 * limit, once no other such file is open. The caller closes the disk.
 *
 * @throws as `requireNoWriter`, `toolFiles` and `startStream`; `refused` if the content is not a raw disk or the file's
 * name states another format; as `toolError`, usually `corrupt`, if the first 4096 bytes of the content cannot be
 * decompressed; `unavailable` if decompressing them needs more memory than the higher limit; `aborted`.
 */
export async function openCompressedDisk(
  compression: Compression,
  inspected: InspectedImage,
  options: Pick<ReadOptions, 'allowInUse' | 'warn'>,
  call: QemuCall,
): Promise<CompressedDisk> {
  const image = await requireNoWriter(inspected, options, call);
  const file = { path: call.image, compression };
  const { limiting = [], unlimited = [] } = DECOMPRESSORS[compression];
  try {
    return await openWith(limiting, image, file, call);
  } catch (thrown) {
    if (!(thrown instanceof MemoryLimitError)) {
      throw thrown;
    }
  }
  const release = await MEMORY_TURNS.take(call.signal);
  try {
    return await openWith(unlimited, image, file, call, release);
  } catch (thrown) {
    release();
    throw thrown;
  }
}

/** Ensures that only one decompressor with the higher memory limit runs at a time. */
const MEMORY_TURNS = new Turns();

async function openWith(
  memoryArguments: readonly string[],
  image: InspectedImage,
  file: CompressedFile,
  call: QemuCall,
  release?: () => void,
): Promise<CompressedDisk> {
  const program = await startDecompressor(file.compression, memoryArguments, image, call);
  const disk = new CompressedDisk(image, file, program, call, release);
  try {
    await disk.requireRawHead();
    return disk;
  } catch (thrown) {
    await disk.close();
    throw thrown;
  }
}

async function startDecompressor(
  compression: Compression,
  memoryArguments: readonly string[],
  image: InspectedImage,
  call: QemuCall,
): Promise<RunningDecompressor> {
  const { tool, arguments: toolArguments } = DECOMPRESSORS[compression];
  const files = await toolFiles(tool, image, call);
  try {
    const options = { ...call, ...files.access, input: files.nameOf(image) };
    const program = await startStream(files.tool, [...toolArguments, ...memoryArguments], options);
    return { program, command: tool.command, files };
  } finally {
    await files.close();
  }
}
