import { createCipheriv, createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { DiskImage, Extent } from '@virt-similarity/core';
import type { QemuCall, UnlockedVolume } from '@virt-similarity/image-tools';
import { MemoryDiskImage } from '@virt-similarity/testing';
import fc from 'fast-check';
import { decryptedImage } from '#readers/luks/decrypted-image.js';
import { deterministicBytes } from '../../../fixtures/deterministic-bytes.js';

const CALL: QemuCall = { component: 'qemu', image: 'disk.img' };
const PAYLOAD = 4096;

/** Returns a volume. Its key depends on `start`. */
function volumeAt(partition: number | undefined, start: number, length: number, sectorBytes = 512): UnlockedVolume {
  const key = createSecretKey(deterministicBytes(`key ${start}`, sectorBytes === 512 ? 32 : 64));
  return { partition, uuid: '', start, length, payload: PAYLOAD, sectorBytes, firstSector: 7n, key };
}

/** Encrypts a volume's content, as dm-crypt does: each sector separately, numbered in units of 512 bytes. */
function encrypt(clear: Buffer, { key, sectorBytes, firstSector }: UnlockedVolume): Buffer {
  const cipher = key.symmetricKeySize === 32 ? 'aes-128-xts' : 'aes-256-xts';
  const sectors: Buffer[] = [];
  for (let at = 0; at < clear.length; at += sectorBytes) {
    const vector = Buffer.alloc(16);
    vector.writeBigUInt64LE(firstSector + BigInt(at / 512));
    sectors.push(createCipheriv(cipher, key, vector).update(clear.subarray(at, at + sectorBytes)));
  }
  return Buffer.concat(sectors);
}

interface Disk {
  readonly stored: Buffer;
  readonly clear: Buffer;
}

/** Returns a disk with encrypted volumes, and its expected decrypted content. */
function diskOf(size: number, ...volumes: readonly UnlockedVolume[]): Disk {
  const stored = deterministicBytes('disk', size);
  const clear = Buffer.from(stored);
  for (const volume of volumes) {
    const { start, length, sectorBytes } = volume;
    const content = Math.floor((Math.min(start + length, size) - start - PAYLOAD) / sectorBytes) * sectorBytes;
    encrypt(clear.subarray(start + PAYLOAD, start + PAYLOAD + content), volume).copy(stored, start + PAYLOAD);
    clear.fill(0, start, Math.min(size, start + PAYLOAD));
  }
  return { stored, clear };
}

async function contentOf(image: DiskImage): Promise<Buffer> {
  const content = Buffer.alloc(image.virtualSize);
  await image.read(content, 0);
  return content;
}

async function extentsOf(image: DiskImage): Promise<Extent[]> {
  const extents: Extent[] = [];
  for await (const extent of image.extents()) {
    extents.push(extent);
  }
  return extents;
}

/** Expects extents that cover the image without gaps, and whose zeros and stored bytes are those of the content. */
async function expectExtents(image: DiskImage, content: Buffer, stored: Buffer): Promise<void> {
  let position = 0;
  for (const extent of await extentsOf(image)) {
    expect(extent.start).toBe(position);
    expect(extent.length).toBeGreaterThan(0);
    position += extent.length;
    const bytes = content.subarray(extent.start, position);
    if (extent.kind === 'zero') {
      expect(bytes.every((byte) => byte === 0)).toBe(true);
    } else if (extent.stored !== undefined) {
      expect(stored.subarray(extent.stored.offset, extent.stored.offset + extent.length).equals(bytes)).toBe(true);
    }
  }
  expect(position).toBe(content.length);
}

const SIZE = 100_000;
const FIRST = volumeAt(1, 10_000, 20_000);
const SECOND = volumeAt(5, 40_960, 40_960, 4096);

test('a disk without volumes is returned unchanged', () => {
  const disk = new MemoryDiskImage(Buffer.alloc(10));
  expect(decryptedImage(disk, undefined, CALL)).toBe(disk);
  expect(decryptedImage(disk, [], CALL)).toBe(disk);
});

describe('a disk with encrypted partitions', () => {
  const { stored, clear } = diskOf(SIZE, FIRST, SECOND);
  const extents: Extent[] = [{ kind: 'data', start: 0, length: SIZE, stored: { file: 0, offset: 0 } }];
  const image = decryptedImage(new MemoryDiskImage(stored, extents), [SECOND, FIRST], CALL);

  test('has their clear content in their places, and zeros for their headers', async () => {
    expect(image.virtualSize).toBe(SIZE);
    expect((await contentOf(image)).equals(clear)).toBe(true);
    await expectExtents(image, clear, stored);
    expect((await extentsOf(image)).map(({ kind }) => kind)).toEqual([
      ...['data', 'zero', 'data', 'data', 'zero', 'data', 'data'],
    ]);
  });

  test('can be read at any position', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(SIZE), fc.nat(10_000), async (position, length) => {
        const target = Buffer.alloc(Math.min(length, SIZE - position));
        await image.read(target, position);
        expect(target.equals(clear.subarray(position, position + target.length))).toBe(true);
      }),
      { numRuns: 200 },
    );
    await expect(image.read(Buffer.alloc(2), SIZE - 1)).rejects.toMatchObject({ code: 'usage' });
  });
});

test('sectors that were never written are zeros, even if a hole ends within a sector', async () => {
  const { stored, clear } = diskOf(SIZE, SECOND);
  // Three sectors of zeros. The holes below cover all of them or a part.
  stored.fill(0, 49_152, 61_440);
  clear.fill(0, 49_152, 61_440);
  const extents: Extent[] = [
    { kind: 'data', start: 0, length: 49_152 },
    { kind: 'zero', start: 49_152, length: 12_288 },
    { kind: 'data', start: 61_440, length: SIZE - 61_440 },
  ];
  for (const [from, to] of [
    [49_152, 61_440],
    [49_252, 61_340],
    [50_000, 50_100],
    [53_248, 53_249],
  ] as const) {
    const hole: Extent[] = [
      { ...extents[0]!, length: from },
      { kind: 'zero', start: from, length: to - from },
      { kind: 'data', start: to, length: SIZE - to },
    ];
    const image = decryptedImage(new MemoryDiskImage(stored, hole), [SECOND], CALL);
    expect((await contentOf(image)).equals(clear)).toBe(true);
    await expectExtents(image, clear, stored);
  }
});

test('an encrypted disk without partitions is its decrypted content, up to the last complete sector', async () => {
  const volume = volumeAt(undefined, 0, 50_000, 4096);
  const { stored, clear } = diskOf(50_000, volume);
  const image = decryptedImage(new MemoryDiskImage(stored), [volume], CALL);
  const content = clear.subarray(PAYLOAD, PAYLOAD + 11 * 4096);
  expect((await contentOf(image)).equals(content)).toBe(true);
  await expectExtents(image, content, stored);
});

test('a volume can extend past the end of the disk, or have no content', async () => {
  for (const [start, length] of [
    [90_000, 2 ** 40],
    [90_000, PAYLOAD],
    [90_000, 100],
    [SIZE - 100, 200],
  ] as const) {
    const volume = volumeAt(1, start, length);
    const { stored, clear } = diskOf(SIZE, { ...volume, length: Math.max(length, PAYLOAD) });
    const image = decryptedImage(new MemoryDiskImage(stored), [volume], CALL);
    expect((await contentOf(image)).equals(clear)).toBe(true);
    await expectExtents(image, clear, stored);
  }
});
