import {
  type DataExtent,
  type Extent,
  type FileStamp,
  fileStampsOf,
  type VirtSimilarityError,
} from '@virt-similarity/core';
import {
  chainOf,
  type InspectedImage,
  type MapEntry,
  mapEntries,
  type QemuCall,
  readError,
} from '@virt-similarity/image-tools';
import { chainEntries } from '../chain-map/chain-entries.js';
import { type ChainMap, openChainMap } from '../chain-map/open-chain-map.js';
import { RUNS_PER_BYTE } from '../chain-map/runs-per-byte.js';
import { identityOf } from '../inspection/identity-of.js';
import { requireTables } from '../inspection/require-tables.js';
import { mergeExtents } from './merge-extents.js';
import { ReadBudget } from './read-budget.js';
import { type StorageFile, storageFiles } from './storage-files.js';

/**
 * Bytes. Formats store complete sectors. qemu rounds the size of a raw file up to complete sectors, and reads the
 * excess as zeros.
 */
const SECTOR = 512;

/**
 * The files of each image of the chain, and all files of the chain in the order of `fileStampsOf(identityOf(image))`.
 */
interface Storage {
  readonly chain: readonly (readonly StorageFile[])[];
  readonly files: readonly FileStamp[];
}

/**
 * Yields the extents of an image, from its tables or from `qemu-img map`: ascending, without gaps, covering the virtual
 * size exactly, with neighbours merged as by `mergeExtents`. Data of a backing image is marked as inherited. Bytes
 * stored verbatim in a file have their location in `stored`. Data that is compressed or encrypted has no location. Data
 * of a format whose driver does not report locations has none either. `stored.file` is an index in
 * `fileStampsOf(identityOf(image))`.
 *
 * A format's driver reads zeros past the end of its file, so a truncated file would seem to contain zeros. qemu never
 * writes references to guest-visible bytes past the end of the file, so each such reference counts as damage. A
 * reference into the middle of a sector, which some drivers report although they refuse to read there, is damage too.
 *
 * @throws `corrupt` if stored bytes or tables are past the end of their file, or if stored bytes do not begin at a
 * sector; `unavailable` if the image exceeds the `ReadBudget`; and as `requireTables`, `openChainMap`, `chainEntries`
 * and `mapEntries`.
 */
export async function* mapExtents(image: InspectedImage, call: QemuCall): AsyncGenerator<Extent, void> {
  await requireTables(image, call);
  const { virtualSize } = image;
  const storage: Storage = { chain: storageFiles(image), files: fileStampsOf(identityOf(image)) };
  const map = await openChainMap(image, call);
  try {
    const entries =
      map === undefined ? mapEntries(image, virtualSize, call) : chainEntries(map.layers, virtualSize, call.signal);
    yield* mergeExtents(extentsOfEntries(entries, storage, budgetFor(image, map, call), image, call));
  } finally {
    await map?.close();
  }
}

function budgetFor(image: InspectedImage, map: ChainMap | undefined, call: QemuCall): ReadBudget {
  if (map === undefined) {
    return new ReadBudget(image, call, { runsPerByte: RUNS_PER_BYTE, expansion: 'limited' });
  }
  for (const layer of map.layers) {
    layer.countClusters?.();
  }
  const runsPerByte = Math.max(...map.layers.map((layer) => layer.runsPerByte));
  return new ReadBudget(image, call, { runsPerByte, expansion: 'counted' });
}

async function* extentsOfEntries(
  entries: AsyncIterable<MapEntry>,
  storage: Storage,
  budget: ReadBudget,
  image: InspectedImage,
  call: QemuCall,
): AsyncGenerator<Extent, void> {
  for await (const entry of entries) {
    const { start, length } = entry;
    const stored = locationOf(entry, storage);
    const check = budget.spend(entry.zero ? 0 : length, stored === undefined ? 'expanded' : 'verbatim');
    if (check !== undefined) {
      await check;
    }
    const inherited = entry.depth > 0 && ({ inherited: true } as const);
    if (stored === undefined) {
      yield entry.zero ? { kind: 'zero', start, length } : { kind: 'data', start, length, ...inherited };
      continue;
    }
    if ((stored.offset - start) % SECTOR !== 0) {
      throw misalignedBytes(start, stored.offset, storage.files[stored.file], call);
    }
    const inFile = Math.max(0, Math.min(length, stored.end - stored.offset));
    if (inFile < length && !endsInLastSector(entry, inFile, image)) {
      throw truncatedFile(start + inFile, storage.files[stored.file], call);
    }
    if (inFile > 0) {
      yield entry.zero
        ? { kind: 'zero', start, length: inFile }
        : { kind: 'data', start, length: inFile, ...inherited, stored: { file: stored.file, offset: stored.offset } };
    }
    if (inFile < length) {
      yield { kind: 'zero', start: start + inFile, length: length - inFile };
    }
  }
}

/** A place in a file, and the end of the part of the file that is the image, in bytes. */
interface StoredPlace extends NonNullable<DataExtent['stored']> {
  readonly end: number;
}

/**
 * Returns where an entry's bytes are stored verbatim; `undefined` if they are not. Clusters that are preallocated but
 * read as zeros do not count as stored.
 */
function locationOf(entry: MapEntry, { chain, files }: Storage): StoredPlace | undefined {
  if (!entry.data || entry.compressed === true || entry.offset === undefined) {
    return undefined;
  }
  const storage = chain[entry.depth]?.find(({ end }) => entry.start < end);
  const file = storage === undefined ? -1 : files.indexOf(storage.stamp);
  if (storage === undefined || file === -1) {
    return undefined;
  }
  const { offset, length } = storage.range;
  // For a raw image, qemu-img reports the offset in the file, not the offset in the range of the file that is the
  // image.
  const inRange = storage.isRaw ? entry.start : entry.offset;
  return { file, offset: offset + inRange, end: offset + length };
}

function endsInLastSector(entry: MapEntry, inFile: number, image: InspectedImage): boolean {
  return chainOf(image)[entry.depth]?.format === 'raw' && inFile > 0 && entry.length - inFile < SECTOR;
}

function truncatedFile(position: number, stamp: FileStamp | undefined, call: QemuCall): VirtSimilarityError {
  const expected = `the bytes from position ${position} on should be in ${stamp?.path}`;
  return readError(call, 'corrupt', `${expected}, which ends before them; restore the complete file`);
}

function misalignedBytes(
  position: number,
  offset: number,
  stamp: FileStamp | undefined,
  call: QemuCall,
): VirtSimilarityError {
  const expected = `the bytes from position ${position} on should begin at a sector of ${stamp?.path}`;
  return readError(call, 'corrupt', `${expected}, but begin at byte ${offset}; restore the image from a good copy`);
}
