import { type DiskImage, type Extent, type ImageIdentity, partitionPoint } from '@virt-similarity/core';
import {
  chainOf,
  type InspectedImage,
  LUKS,
  mapEntries,
  type QemuCall,
  rangeOf,
  StoredBytes,
} from '@virt-similarity/image-tools';
import { RawMap } from '../chain-map/raw-map.js';
import { rememberedHoles } from '../chain-map/remembered-holes.js';
import { expectedFilesOf } from '../inspection/identity-of.js';
import { partOfExtent } from '../luks/decrypted-image.js';

/** LUKS version 1 encrypts sectors of this length in bytes. */
const SECTOR_BYTES = 512;
const NO_CIPHERTEXT = Buffer.alloc(SECTOR_BYTES);

/** A range of guest-visible bytes that come from an encrypted disk. `end` is exclusive. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/**
 * Returns a disk for a chain with a LUKS disk that qemu decrypts. In the returned disk, sectors of the LUKS disk whose
 * ciphertext is zeros read as zeros: nothing was ever written there, and qemu would decrypt them to noise that differs
 * with each key. The LUKS disk is `top` or the image at the end of its chain. Returns `disk` itself if there is no such
 * LUKS disk. Closing the returned disk closes `disk`.
 */
export function withUnwrittenZeros(disk: DiskImage, top: InspectedImage, call: QemuCall): DiskImage {
  const chain = chainOf(top);
  const depth = chain.findIndex(({ format, passphrase }) => format === LUKS && passphrase !== undefined);
  return depth === -1 ? disk : new UnwrittenSectors(disk, { top, depth, encrypted: chain[depth]! }, call);
}

/** A chain with a LUKS disk. */
interface EncryptedChain {
  readonly top: InspectedImage;
  readonly encrypted: InspectedImage;
  /** Index of the LUKS disk in the chain. */
  readonly depth: number;
}

class UnwrittenSectors implements DiskImage {
  readonly virtualSize: number;
  readonly identity: ImageIdentity;
  readonly #disk: DiskImage;
  readonly #chain: EncryptedChain;
  readonly #call: QemuCall;
  readonly #stored: StoredBytes;
  /** Index of the LUKS disk's file among the files of the chain. */
  readonly #file: number;
  /** Where the LUKS disk begins in its file, in bytes. */
  readonly #start: number;
  /** Where the encrypted content begins in the LUKS disk, in bytes. */
  readonly #payload: number;
  #places: Promise<readonly Place[]> | undefined;

  constructor(disk: DiskImage, chain: EncryptedChain, call: QemuCall) {
    this.virtualSize = disk.virtualSize;
    this.identity = disk.identity;
    this.#disk = disk;
    this.#chain = chain;
    this.#call = call;
    const files = expectedFilesOf(chain.top);
    this.#stored = new StoredBytes(files, call);
    this.#file = files.findIndex(({ stamp }) => stamp === chain.encrypted.file);
    const { offset, length } = rangeOf(chain.encrypted);
    this.#start = offset;
    this.#payload = length - chain.encrypted.virtualSize;
  }

  async *extents(): AsyncGenerator<Extent, void> {
    const places = await this.#encryptedPlaces();
    const { encrypted } = this.#chain;
    const ciphertext = new RawMap(
      rangeOf(encrypted).length,
      await rememberedHoles(ciphertextOf(encrypted), this.#call),
    );
    for await (const extent of this.#disk.extents()) {
      if (extent.kind === 'zero') {
        yield extent;
      } else {
        yield* this.#piecesOf(extent, places, ciphertext);
      }
    }
  }

  async read(target: Uint8Array, position: number): Promise<void> {
    await this.#disk.read(target, position);
    const places = await this.#encryptedPlaces();
    const end = position + target.length;
    for (let index = partitionPoint(places, (place) => place.end <= position); index < places.length; index += 1) {
      const { start, end: placeEnd } = places[index]!;
      if (start >= end) {
        break;
      }
      await this.#clear(target, position, Math.max(position, start), Math.min(end, placeEnd));
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#disk.close(), this.#stored.close()]);
  }

  #encryptedPlaces(): Promise<readonly Place[]> {
    this.#places ??= placesIn(this.#chain, this.#call);
    return this.#places;
  }

  /** Yields a data extent in pieces: zeros where complete sectors of the ciphertext are in a hole, data elsewhere. */
  *#piecesOf(extent: Extent, places: readonly Place[], ciphertext: RawMap): Generator<Extent, void> {
    const end = extent.start + extent.length;
    for (let position = extent.start; position < end; ) {
      const place = places[partitionPoint(places, (each) => each.end <= position)];
      if (place === undefined || position < place.start) {
        const stop = Math.min(end, place?.start ?? end);
        yield partOfExtent(extent, position, stop);
        position = stop;
        continue;
      }
      const stored = this.#payload + position;
      const run = ciphertext.runAt(stored, stored + Math.min(end, place.end) - position);
      const stop = position + run.length;
      const isHole = run.kind === 'zero' && position % SECTOR_BYTES === 0 && stop % SECTOR_BYTES === 0;
      const { inherited } = extent;
      yield isHole
        ? { kind: 'zero', start: position, length: run.length, ...(inherited && { inherited }) }
        : partOfExtent(extent, position, stop);
      position = stop;
    }
  }

  /**
   * Clears the sectors of `target`, from position `from` to position `to` of the disk, whose ciphertext is zeros.
   * `targetStart` is the position of the first byte of `target`.
   */
  async #clear(target: Uint8Array, targetStart: number, from: number, to: number): Promise<void> {
    const first = Math.floor(from / SECTOR_BYTES) * SECTOR_BYTES;
    const last = Math.min(Math.ceil(to / SECTOR_BYTES) * SECTOR_BYTES, this.#chain.encrypted.virtualSize);
    const ciphertext = Buffer.alloc(last - first);
    await this.#stored.read(this.#file, ciphertext, this.#start + this.#payload + first);
    for (let sector = first; sector < last; sector += SECTOR_BYTES) {
      const bytes = ciphertext.subarray(sector - first, sector - first + SECTOR_BYTES);
      if (bytes.equals(NO_CIPHERTEXT.subarray(0, bytes.length))) {
        target.fill(0, Math.max(from, sector) - targetStart, Math.min(to, sector + SECTOR_BYTES) - targetStart);
      }
    }
  }
}

/** Returns the LUKS disk as the bytes of its file. */
function ciphertextOf({ passphrase: _, ...image }: InspectedImage): InspectedImage {
  return { ...image, format: 'raw', virtualSize: rangeOf(image).length };
}

/**
 * Returns where the LUKS disk is visible in the disk of the top image, ascending, as `qemu-img map` reports it.
 *
 * @throws as `mapEntries`.
 */
async function placesIn({ top, depth }: EncryptedChain, call: QemuCall): Promise<readonly Place[]> {
  if (depth === 0) {
    return [{ start: 0, end: top.virtualSize }];
  }
  const places: { start: number; end: number }[] = [];
  for await (const { start, length, depth: layer, data } of mapEntries(top, top.virtualSize, call)) {
    const last = places.at(-1);
    if (layer !== depth || !data) {
      continue;
    }
    if (last?.end === start) {
      last.end += length;
    } else {
      places.push({ start, end: start + length });
    }
  }
  return places;
}
