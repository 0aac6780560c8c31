import { type FileStamp, type ReadOptions, VirtSimilarityError, wording } from '@virt-similarity/core';
import { chainOf, type InspectedImage, imageInfo, type QemuCall } from '@virt-similarity/image-tools';
import { writersOf } from './writer-locks.js';

/**
 * Requires that no program has a file of the image's chain open for writing. Only programs that lock files as qemu does
 * are found. Returns `image` itself if no writer is found. If a writer is found and `allowInUse` is set, warns and
 * returns a copy of the chain with `access: 'beside-writers'`.
 *
 * @throws `in-use` if a writer is found and `allowInUse` is not set; `aborted`.
 */
export async function requireNoWriter(
  image: InspectedImage,
  { allowInUse, warn }: Pick<ReadOptions, 'allowInUse' | 'warn'>,
  call: QemuCall,
): Promise<InspectedImage> {
  const written = await firstInUse(image, call);
  if (written === undefined) {
    return image;
  }
  const found = `${written.path} is open for writing by another program`;
  if (!allowInUse) {
    const remedy = wording`shut down the machine that has it open, or pass ${{ option: 'allowInUse', value: true }}`;
    const message = wording`[${call.component}] cannot open ${call.image}: ${found}; ${remedy}`;
    throw new VirtSimilarityError('in-use', message, { image: call.image });
  }
  warn?.(`${call.image}: ${found}: the data read may mix different points in time, and is not cached`);
  return besideWriters(image);
}

async function firstInUse(image: InspectedImage, call: QemuCall): Promise<FileStamp | undefined> {
  const files = filesOf(image);
  const writers = await Promise.all(files.map(({ layer }) => writersOf(layer)));
  const written = files[writers.indexOf('some')];
  if (written !== undefined) {
    return written.layer;
  }
  for (const { layer, isDevice } of files.filter((_, index) => writers[index] === 'unknown')) {
    if (await qemuFindsWriters(layer, isDevice, call)) {
      return layer;
    }
  }
  return undefined;
}

interface ImageFile {
  readonly layer: FileStamp;
  readonly isDevice: boolean;
}

function filesOf(top: InspectedImage): ImageFile[] {
  return chainOf(top).flatMap(({ file, isDevice, extentFiles }) => [
    { layer: file, isDevice },
    ...extentFiles.map((layer) => ({ layer, isDevice: false })),
  ]);
}

/**
 * Returns whether qemu-img finds a lock of a writer. If qemu-img is missing or fails, no writer is assumed.
 *
 * @throws `aborted`.
 */
async function qemuFindsWriters(file: FileStamp, isDevice: boolean, call: QemuCall): Promise<boolean> {
  const virtualSize = Number(file.size);
  const raw = { format: 'raw', file, isDevice, extentFiles: [], virtualSize, backing: undefined } as const;
  try {
    await imageInfo({ ...raw, access: 'without-writers' }, call);
    return false;
  } catch (thrown) {
    if (thrown instanceof VirtSimilarityError && thrown.code === 'aborted') {
      throw thrown;
    }
    return thrown instanceof VirtSimilarityError && thrown.code === 'in-use';
  }
}

function besideWriters(image: InspectedImage): InspectedImage {
  const backing = image.backing && besideWriters(image.backing);
  return { ...image, access: 'beside-writers', backing };
}
