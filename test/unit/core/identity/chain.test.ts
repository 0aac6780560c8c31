import { describe, expect, test } from '@jest/globals';
import {
  baseOf,
  encryptionOf,
  expectedFiles,
  type FileStamp,
  fileStampsOf,
  formatsOf,
  type ImageIdentity,
  isVolatile,
  partsOf,
  sameIdentity,
  vectorKeyOf,
} from '@virt-similarity/core';

function part(path: string): FileStamp {
  return { kind: 'file', path, device: 1n, inode: BigInt(path.charCodeAt(1)), size: 3n, mtimeNs: 4n, ctimeNs: 5n };
}

const [a, b, c] = ['/a', '/b', '/c'].map(part) as [FileStamp, FileStamp, FileStamp];
const IDENTITY: ImageIdentity = {
  chain: [
    { format: 'vmdk', parts: [a, b], standalone: true },
    { format: 'raw', parts: [c], standalone: true },
  ],
};
const [TOP, BASE] = IDENTITY.chain as [(typeof IDENTITY.chain)[0], (typeof IDENTITY.chain)[0]];

test('objects are parts, but not files', () => {
  const object = { kind: 'object', path: 'https://a/disk.raw', version: '1' } as const;
  const identity = { chain: [{ format: 'qcow2', parts: [object, a] }] };
  expect(partsOf(identity)).toEqual([object, a]);
  expect(fileStampsOf(identity)).toEqual([a]);
  expect(expectedFiles(identity)).toEqual([{ stamp: a }]);
  expect(sameIdentity(identity, { chain: [{ format: 'qcow2', parts: [{ ...object, version: '2' }, a] }] })).toBe(false);
});

test('the parts of a chain are those of its links, top first', () => {
  expect(partsOf(IDENTITY)).toEqual([a, b, c]);
  expect(formatsOf(IDENTITY)).toBe('vmdk<raw');
});

test('a chain with a volatile link is volatile, but only the files of that link are allowed to change', () => {
  const identity: ImageIdentity = { chain: [TOP, { ...BASE, volatile: true }] };
  expect([isVolatile(IDENTITY), isVolatile(identity)]).toEqual([false, true]);
  expect(expectedFiles(identity)).toEqual([{ stamp: a }, { stamp: b }, { stamp: c, volatile: true }]);
});

describe('the base of an image', () => {
  test('is an image with the links below the top', () => {
    const base = baseOf(IDENTITY)!;
    expect(base).toEqual({ source: { path: '/c', format: 'raw' }, identity: { chain: [BASE] } });
    expect(base.identity.chain[0]).toBe(BASE);
    expect(baseOf(base.identity)).toBeUndefined();
  });

  test('is undefined if the reader cannot open the base separately', () => {
    const { standalone: _, ...bound } = BASE;
    expect(baseOf({ chain: [TOP, bound] })).toBeUndefined();
    expect(baseOf({ chain: [TOP, bound, BASE] })).toBeUndefined();
  });

  test('is undefined if it has no file whose path could name it', () => {
    expect(baseOf({ chain: [TOP, { ...BASE, parts: [] }] })).toBeUndefined();
  });
});

test.each<[string, ImageIdentity['chain'], string | undefined]>([
  ['no encrypted disk', [TOP, BASE], undefined],
  ['a decrypted disk', [TOP, { ...BASE, encryption: 'decrypted' }], 'decrypted'],
  [
    'a disk of ciphertext',
    [
      { ...TOP, encryption: 'decrypted' },
      { ...BASE, encryption: 'ciphertext' },
    ],
    'ciphertext',
  ],
  [
    'a disk that is decrypted in part',
    [{ ...BASE, encryption: 'decrypted', ciphertext: [{ scheme: 'LUKS' }] }],
    'ciphertext',
  ],
])('encryptionOf returns the encryption of %s', (_, chain, expected) => {
  expect(encryptionOf({ chain })).toBe(expected);
});

describe('two identities', () => {
  test('differ, as do the keys of their vectors, if only one is of decrypted content', () => {
    const made = { algorithm: 'sha256', hasherVersion: '1', blockSize: 65_536 };
    const read = (encryption: 'ciphertext' | 'decrypted'): ImageIdentity => ({ chain: [{ ...BASE, encryption }] });
    // Ciphertext is the same content, whether or not it is recognised as ciphertext.
    const all = [read('ciphertext'), { chain: [BASE] }, read('decrypted')];
    expect(all.map((one) => all.map((other) => sameIdentity(one, other)))).toEqual([
      [true, true, false],
      [true, true, false],
      [false, false, true],
    ]);
    const keys = all.map((identity) => vectorKeyOf({ identity, ...made }));
    expect(keys.map((key) => keys.indexOf(key))).toEqual([0, 0, 2]);
  });

  test('are the same under other paths, and regardless of standalone', () => {
    const chain = IDENTITY.chain.map(({ format, parts }) => ({
      format,
      parts: parts.map((each) => ({ ...each, path: `/elsewhere${each.path}` })),
    }));
    expect(sameIdentity(IDENTITY, { chain })).toBe(true);
  });

  test.each<[string, ImageIdentity['chain']]>([
    ['formats', [{ ...TOP, format: 'raw' }, BASE]],
    ['files', [TOP]],
    ['states of a file', [TOP, { ...BASE, parts: [{ ...c, ctimeNs: 9n }] }]],
    ['numbers of files', [TOP, { ...BASE, parts: [c, c] }]],
    [
      'links for the same files',
      [
        { ...TOP, parts: [a] },
        { ...BASE, parts: [b, c] },
      ],
    ],
  ])('differ if they have different %s', (_, chain) => {
    expect(sameIdentity(IDENTITY, { chain })).toBe(false);
  });
});
