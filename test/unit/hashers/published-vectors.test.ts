import { describe, expect, test } from '@jest/globals';
import type { BlockHasher } from '@virt-similarity/core';
import { Blake3Hasher, Md5Hasher, Sha256Hasher, Xxh128Hasher } from '@virt-similarity/hashers';

function digest(hasher: BlockHasher, block: Uint8Array): string {
  const target = new Uint8Array(hasher.digestLength);
  hasher.hash(block, target);
  return Buffer.from(target).toString('hex');
}

describe('MD5 matches RFC 1321, section A.5', () => {
  test.each([
    ['', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['a', '0cc175b9c0f1b6a831c399e269772661'],
    ['abc', '900150983cd24fb0d6963f7d28e17f72'],
    ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
    ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 'd174ab98d277d9f5a5611c2c9f419d9f'],
    [
      '12345678901234567890123456789012345678901234567890123456789012345678901234567890',
      '57edf4a22be3c955ac49da2e2107b67a',
    ],
  ])('for %j', (text, expected) => {
    expect(digest(new Md5Hasher(), Buffer.from(text))).toBe(expected);
  });
});

describe('SHA-256 matches published digests of NIST', () => {
  test.each([
    ['no bytes', '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['one block', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'two blocks',
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a million times a', 'a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ])('for %s', (_, text, expected) => {
    expect(digest(new Sha256Hasher(), Buffer.from(text))).toBe(expected);
  });
});

describe("BLAKE3 matches its authors' test_vectors.json", () => {
  const input = (length: number) => Uint8Array.from({ length }, (_, index) => index % 251);

  test.each([
    [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
    [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
    [64, '4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98'],
    [1023, '10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11'],
    [1024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
    [1025, 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444'],
    [2048, 'e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a'],
    [4096, '015094013f57a5277b59d8475c0501042c0b642e531b0a1c8f58d2163229e969'],
    [102_400, 'bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085'],
  ])('for %d bytes', (length, expected) => {
    expect(digest(new Blake3Hasher(), input(length))).toBe(expected);
  });
});

describe("XXH128 matches its author's sanity_test_vectors.h", () => {
  /** Port of XSUM_fillTestBuffer in xxHash's cli/xsum_sanity_check.c. */
  function input(length: number): Uint8Array {
    let generator = 2_654_435_761n;
    return Uint8Array.from({ length }, () => {
      const byte = Number(generator >> 56n);
      generator = BigInt.asUintN(64, generator * 11_400_714_785_074_694_797n);
      return byte;
    });
  }

  test.each([
    [0, '99aa06d3014798d86001c324468d497f'],
    [1, 'a6cd5e9392000f6ac44bdff4074eecdb'],
    [6, '082afe0b8162d12a3e7039bdda43cfc6'],
    [12, '6e3efd8fc7802b18061a192713f69ad9'],
    [24, '0ce966e4678d37611e7044d28b1b901d'],
    [48, 'a002ac4e5478227ef942219aed80f67b'],
    [81, '4952f58181ab00425e8bafb9f95fb803'],
    [222, '337e09641b948717f1aebd597cec6b3a'],
    [403, '1b6de21e332dd73dcdeb804d65c6dea4'],
    [512, '18d2d110dcc9bca1617e49599013cb6b'],
    [2048, 'f736557fd47073a5dd59e2c3a5f038e0'],
    [2367, 'e89c0f6ff369b427cb37aeb9e5d361ed'],
  ])('for %d bytes', (length, expected) => {
    expect(digest(new Xxh128Hasher(), input(length))).toBe(expected);
  });
});
