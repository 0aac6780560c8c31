import { createDecipheriv } from 'node:crypto';
import type { DiskImage, Extent, ImageIdentity } from '@virt-similarity/core';
import { type QemuCall, requireRange, type UnlockedVolume } from '@virt-similarity/image-tools';

/** The unit in which initialization vectors count, in bytes. */
const VECTOR_SECTOR_BYTES = 512;
const VECTOR_BYTES = 16;
const KEY_BYTES_128 = 32;

/**
 * Returns a disk whose unlocked volumes are decrypted in place; `disk` itself if there are no unlocked volumes. The
 * LUKS header of each volume reads as zeros. Sectors whose ciphertext is zeros also read as zeros, because nothing was
 * ever written there. If the complete disk is one volume, the returned disk is only the content of that volume. Closing
 * the returned disk closes `disk`.
 */
export function decryptedImage(
  disk: DiskImage,
  volumes: readonly UnlockedVolume[] | undefined,
  call: QemuCall,
): DiskImage {
  return volumes === undefined || volumes.length === 0 ? disk : new DecryptedImage(disk, volumes, call);
}

/** A part of the disk: the ciphertext of a volume, the header of a volume, or clear bytes outside of volumes. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly kind: 'clear' | 'header' | 'ciphertext';
  readonly volume?: UnlockedVolume;
}

class DecryptedImage implements DiskImage {
  readonly virtualSize: number;
  readonly identity: ImageIdentity;
  readonly #disk: DiskImage;
  readonly #parts: readonly Part[];
  readonly #call: QemuCall;
  /** The position in `#disk` of the first byte of this image. */
  readonly #origin: number;

  constructor(disk: DiskImage, volumes: readonly UnlockedVolume[], call: QemuCall) {
    const whole = volumes.find(({ partition }) => partition === undefined);
    this.#origin = whole?.payload ?? 0;
    this.#parts = partsOf(disk.virtualSize, volumes);
    this.virtualSize = (this.#parts.at(-1)?.end ?? 0) - this.#origin;
    this.identity = disk.identity;
    this.#disk = disk;
    this.#call = call;
  }

  async *extents(): AsyncGenerator<Extent, void> {
    for await (const extent of this.#disk.extents()) {
      for (const part of this.#partsWithin(extent.start, extent.start + extent.length)) {
        yield* this.#extentsOf(extent, part);
      }
    }
  }

  async read(target: Uint8Array, position: number): Promise<void> {
    requireRange(position, target.length, this.virtualSize, this.#call);
    const first = position + this.#origin;
    for (const part of this.#partsWithin(first, first + target.length)) {
      const piece = target.subarray(part.start - first, part.end - first);
      if (part.kind === 'clear') {
        await this.#disk.read(piece, part.start);
      } else if (part.kind === 'header') {
        piece.fill(0);
      } else {
        piece.set(await this.#decrypted(part.start, part.end, part.volume!));
      }
    }
  }

  close(): Promise<void> {
    return this.#disk.close();
  }

  /** Yields the extents of this image for a part of an extent of the encrypted disk. */
  *#extentsOf(extent: Extent, { start, end, kind, volume }: Part): Generator<Extent, void> {
    const position = start - this.#origin;
    if (kind === 'clear') {
      yield { ...partOfExtent(extent, start, end), start: position };
    } else if (kind === 'header') {
      // The header of a disk that is encrypted as a whole is not part of the image.
      yield* runs(Math.max(0, position), end - this.#origin, 'zero');
    } else if (extent.kind === 'data') {
      yield* runs(position, end - this.#origin, 'data');
    } else {
      // A sector that is only partly in the hole can hold data.
      const { from, to } = wholeSectors(start, end, volume!);
      yield* runs(position, Math.min(from, end) - this.#origin, 'data');
      yield* runs(from - this.#origin, to - this.#origin, 'zero');
      yield* runs(Math.max(from, to) - this.#origin, end - this.#origin, 'data');
    }
  }

  #partsWithin(start: number, end: number): Part[] {
    return this.#parts
      .filter((part) => part.start < end && part.end > start)
      .map((part) => ({ ...part, start: Math.max(start, part.start), end: Math.min(end, part.end) }));
  }

  async #decrypted(start: number, end: number, { start: volumeStart, payload, ...volume }: UnlockedVolume) {
    const { sectorBytes, firstSector, key } = volume;
    const base = volumeStart + payload;
    const from = base + Math.floor((start - base) / sectorBytes) * sectorBytes;
    const to = base + Math.ceil((end - base) / sectorBytes) * sectorBytes;
    const bytes = Buffer.alloc(to - from);
    await this.#disk.read(bytes, from);
    const cipher = key.symmetricKeySize === KEY_BYTES_128 ? 'aes-128-xts' : 'aes-256-xts';
    const vector = Buffer.alloc(VECTOR_BYTES);
    for (let at = 0; at < bytes.length; at += sectorBytes) {
      const sector = bytes.subarray(at, at + sectorBytes);
      if (sector.some((byte) => byte !== 0)) {
        vector.writeBigUInt64LE(firstSector + BigInt((from + at - base) / VECTOR_SECTOR_BYTES));
        createDecipheriv(cipher, key, vector).update(sector).copy(sector);
      }
    }
    return bytes.subarray(start - from, end - from);
  }
}

/** Returns the part of an extent from position `start` to position `end` (exclusive) of the disk. */
export function partOfExtent(extent: Extent, start: number, end: number): Extent {
  if (extent.kind === 'zero' || extent.stored === undefined) {
    return { ...extent, start, length: end - start };
  }
  const stored = { ...extent.stored, offset: extent.stored.offset + start - extent.start };
  return { ...extent, start, length: end - start, stored };
}

function* runs(start: number, end: number, kind: Extent['kind']): Generator<Extent, void> {
  if (start < end) {
    yield { kind, start, length: end - start };
  }
}

/**
 * Returns the range of the complete sectors between two positions in a volume's content; `from` is greater than `to` if
 * both positions are inside one sector.
 */
function wholeSectors(start: number, end: number, { start: volumeStart, payload, sectorBytes }: UnlockedVolume) {
  const base = volumeStart + payload;
  return {
    from: base + Math.ceil((start - base) / sectorBytes) * sectorBytes,
    to: base + Math.floor((end - base) / sectorBytes) * sectorBytes,
  };
}

/**
 * Divides a disk into parts at its volumes, in ascending order. A volume's content ends at its last complete sector. If
 * the complete disk is a volume, the remaining bytes belong to no part.
 */
function partsOf(size: number, volumes: readonly UnlockedVolume[]): Part[] {
  const parts: Part[] = [];
  let position = 0;
  const add = (wantedEnd: number, kind: Part['kind'], volume?: UnlockedVolume) => {
    const end = Math.min(wantedEnd, size);
    if (end > position) {
      parts.push({ start: position, end, kind, ...(volume && { volume }) });
      position = end;
    }
  };
  for (const volume of volumes.toSorted((one, other) => one.start - other.start)) {
    const { start, length, payload, sectorBytes } = volume;
    const content = Math.floor((Math.min(start + length, size) - start - payload) / sectorBytes) * sectorBytes;
    add(start, 'clear');
    add(start + payload, 'header');
    add(start + payload + content, 'ciphertext', volume);
  }
  if (volumes.every(({ partition }) => partition !== undefined)) {
    add(size, 'clear');
  }
  return parts;
}
