import { deflateSync } from 'node:zlib';

const SECTOR = 512;
const SECTORS_PER_CHUNK = 512;
const CHUNK_TYPES = { zero: 0, raw: 1, zlib: 0x8000_0005, end: 0xffff_ffff } as const;

interface Chunk {
  readonly type: number;
  readonly firstSector: number;
  readonly sectors: number;
  readonly stored: Buffer;
}

/**
 * An Apple disk image that holds `content`, whose length is a multiple of 512: chunks of zeros, raw and deflated bytes
 * in turns, one table of them in the property list, and the trailer. After block/dmg.c of qemu, which only reads them.
 */
export function dmgImage(content: Buffer): Buffer {
  const chunks: Chunk[] = [];
  for (let start = 0; start < content.length; start += SECTORS_PER_CHUNK * SECTOR) {
    chunks.push(chunkOf(content.subarray(start, start + SECTORS_PER_CHUNK * SECTOR), start / SECTOR));
  }
  const sectors = content.length / SECTOR;
  const end: Chunk = { type: CHUNK_TYPES.end, firstSector: sectors, sectors: 0, stored: Buffer.alloc(0) };
  const data = Buffer.concat(chunks.map(({ stored }) => stored));
  const table = chunkTable([...chunks, end], sectors).toString('base64');
  const list = Buffer.from(
    `<plist><dict><key>resource-fork</key><dict><key>blkx</key><array><dict><key>Data</key><data>${table}</data>` +
      '</dict></array></dict></dict></plist>',
  );
  return Buffer.concat([data, list, trailer(data.length, list.length, sectors)]);
}

function chunkOf(bytes: Buffer, firstSector: number): Chunk {
  const sectors = bytes.length / SECTOR;
  if (bytes.every((byte) => byte === 0)) {
    return { type: CHUNK_TYPES.zero, firstSector, sectors, stored: Buffer.alloc(0) };
  }
  const isRaw = (firstSector / SECTORS_PER_CHUNK) % 2 === 0;
  const stored = isRaw ? bytes : deflateSync(bytes);
  return { type: isRaw ? CHUNK_TYPES.raw : CHUNK_TYPES.zlib, firstSector, sectors, stored };
}

function chunkTable(chunks: readonly Chunk[], sectors: number): Buffer {
  const header = Buffer.alloc(204);
  header.write('mish');
  header.writeBigUInt64BE(BigInt(sectors), 16);
  header.writeUInt32BE(chunks.length, 200);
  let offset = 0;
  const entries = chunks.map(({ type, firstSector, sectors: count, stored }) => {
    const entry = Buffer.alloc(40);
    entry.writeUInt32BE(type, 0);
    entry.writeBigUInt64BE(BigInt(firstSector), 8);
    entry.writeBigUInt64BE(BigInt(count), 16);
    entry.writeBigUInt64BE(BigInt(offset), 24);
    entry.writeBigUInt64BE(BigInt(stored.length), 32);
    offset += stored.length;
    return entry;
  });
  return Buffer.concat([header, ...entries]);
}

function trailer(dataLength: number, listLength: number, sectors: number): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write('koly');
  bytes.writeUInt32BE(4, 4);
  bytes.writeUInt32BE(512, 8);
  bytes.writeBigUInt64BE(BigInt(dataLength), 0x20);
  bytes.writeBigUInt64BE(BigInt(dataLength), 0xd8);
  bytes.writeBigUInt64BE(BigInt(listLength), 0xe0);
  bytes.writeBigUInt64BE(BigInt(sectors), 0x1ec);
  return bytes;
}
