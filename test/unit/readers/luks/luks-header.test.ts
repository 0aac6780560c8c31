import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isLuks, luksFields, luksLayout } from '#readers/luks/luks-header.js';
import { ascii, be32, be64, fileWith } from '../inspection/headers.js';
import type { Pieces } from '../inspection/sound-headers.js';

const UUID = '76FE712E-7df1-4af3-bd58-33420210cb35';
const VERSION_1 = {
  0: ascii('LUKS\xba\xbe\0\x01'),
  8: ascii('aes'),
  40: ascii('xts-plain64'),
  104: be32(4096, 64),
  168: ascii(UUID),
};

const SEGMENT = { type: 'crypt', offset: '16777216', size: 'dynamic', iv_tweak: '0', encryption: 'aes-xts-plain64' };

function metadata(segment: object = { sector_size: 4096 }, config: object = {}): object {
  return { segments: { 0: { ...SEGMENT, ...segment } }, config };
}

/** Returns a header of version 2 with a valid checksum. */
function version2(
  text: unknown,
  { size = 16_384, algorithm = 'sha256', ...more }: Record<string, unknown> = {},
): Buffer {
  const header = fileWith(16_384, {
    0: ascii('LUKS\xba\xbe\0\x02'),
    8: be64(Number(size)),
    72: ascii(String(algorithm)),
    168: ascii(UUID),
    4096: Buffer.from(typeof text === 'string' ? text : JSON.stringify(text)),
    ...(more as Pieces),
  });
  createHash('sha256').update(header).digest().copy(header, 448);
  return header;
}

/** Returns the layout of a volume that begins with these bytes. */
function layoutOf(volume: Buffer, size = 2 ** 26) {
  return luksLayout(size, async (position, length) => volume.subarray(position, position + length));
}

test('a header has a version and a UUID in lower case', () => {
  expect(isLuks(fileWith(592, VERSION_1))).toBe(true);
  expect(luksFields(fileWith(592, VERSION_1))).toEqual({ version: 1, uuid: UUID.toLowerCase() });
  expect(luksFields(version2(metadata()))).toEqual({ version: 2, uuid: UUID.toLowerCase() });
  expect(isLuks(Buffer.alloc(592))).toBe(false);
});

describe('the layout is read from', () => {
  test('version 1', async () => {
    const layout = { payload: 4096 * 512, sectorBytes: 512, firstSector: 0n };
    expect(await layoutOf(fileWith(8192, VERSION_1))).toEqual(layout);
  });

  test.each([512, 1024, 2048, 4096])('version 2 with sectors of %i bytes', async (size) => {
    const header = version2(metadata({ sector_size: size, iv_tweak: '8' }));
    expect(await layoutOf(header)).toEqual({ payload: 16_777_216, sectorBytes: size, firstSector: 8n });
  });
});

const sound = { sector_size: 512 };

describe('a volume', () => {
  test.each<[string, Buffer, RegExp]>([
    ['whose header is cut off', fileWith(4095, VERSION_1), /damaged/],
    ['of an unknown version', fileWith(8192, { ...VERSION_1, 6: Buffer.of(0, 3) }), /damaged/],
    ['with another cipher', fileWith(8192, { ...VERSION_1, 8: ascii('twofish') }), /cipher is "twofish-xts-plain64"/],
    ['with another mode', fileWith(8192, { ...VERSION_1, 40: ascii('cbc-essiv:sha256\0') }), /"aes-cbc-essiv:sha256"/],
    ['with keys of another length', fileWith(8192, { ...VERSION_1, 108: be32(48) }), /its key has 48 bytes/],
    [
      'whose content begins late',
      fileWith(8192, { ...VERSION_1, 104: be32(65_537, 64) }),
      /begins at byte 33554944, but the limit/,
    ],
    ['with a wrong checksum', fileWith(16_384, { 0: version2(metadata()), 5000: ascii('x') }), /damaged/],
    ['with another kind of checksum', version2(metadata(), { algorithm: 'md5' }), /damaged/],
    ['whose text is cut off', version2(metadata(sound), { size: 32_768 }), /damaged/],
    ['without a text', version2(metadata(sound), { size: 4096 }), /damaged/],
    ['with a text that is too long', version2(metadata(sound), { size: 5 * 2 ** 20 }), /damaged/],
    ['whose text is not JSON', version2('{'), /its header is damaged/],
    ['whose text is another value', version2('[null]'), /more than one segment/],
    ['without segments', version2({ segments: {} }), /more than one segment/],
    ['in two segments', version2({ segments: { 0: SEGMENT, 1: SEGMENT } }), /more than one segment/],
    ['with a linear segment', version2(metadata({ type: 'linear' })), /more than one segment/],
    ['that is encrypted again', version2(metadata(sound, { requirements: { mandatory: [] } })), /encrypted again/],
    ['with another cipher in version 2', version2(metadata({ encryption: 'aes-cbc-plain' })), /"aes-cbc-plain"/],
    ['with integrity', version2(metadata({ ...sound, integrity: {} })), /"aes-xts-plain64 with integrity"/],
    ['with other sectors', version2(metadata({ sector_size: 8192 })), /damaged/],
    ['without a sector size', version2(metadata({})), /damaged/],
    ['with a negative offset', version2(metadata({ ...sound, offset: '-1' })), /damaged/],
    ['with a fixed size', version2(metadata({ ...sound, size: '4096' })), /does not extend to the end of the volume/],
    ['with another tweak', version2(metadata({ ...sound, iv_tweak: '1e3' })), /damaged/],
  ])('%s cannot be decrypted', async (_, volume, problem) => {
    expect(await layoutOf(volume)).toEqual({ problem: expect.stringMatching(problem) });
  });
});

test('the content can begin at the end of the volume, but not after it', async () => {
  const header = fileWith(8192, VERSION_1);
  expect(await layoutOf(header, 4096 * 512)).toMatchObject({ payload: 4096 * 512 });
  expect(await layoutOf(header, 4096 * 512 - 1)).toEqual({
    problem: 'its content begins at byte 2097152, but it ends at byte 2097151',
  });
});

test('arbitrary metadata result in a layout or in a problem', async () => {
  const isSound = async (text: unknown) => {
    const layout = await layoutOf(version2(text));
    expect('problem' in layout || layout.payload <= 2 ** 25).toBe(true);
  };
  await fc.assert(fc.asyncProperty(fc.json({ maxDepth: 4 }), isSound), { numRuns: 300 });
  const values = fc.dictionary(fc.constantFrom(...Object.keys(SEGMENT), 'sector_size', 'integrity'), fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(values, (segment) => isSound(metadata(segment))),
    { numRuns: 300 },
  );
});
