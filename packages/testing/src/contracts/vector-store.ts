import assert from 'node:assert/strict';
import {
  type ErrorCode,
  type HashVector,
  type HashVectorHeader,
  hashVectorOf,
  type ImageIdentity,
  type Link,
  type VectorStore,
  type VectorSubject,
} from '@virt-similarity/core';
import { asserting, assertSame, type ContractTest } from './contract-test.js';

const SUBJECT = {
  identity: { chain: [linkOf(1n, 'qcow2'), linkOf(2n, 'raw')] },
  algorithm: 'sha256',
  hasherVersion: '1',
  blockSize: 512,
} as const satisfies VectorSubject;

/**
 * Subjects that differ from {@link SUBJECT}, by the difference. A store must not return the vector of {@link SUBJECT}
 * for any of them, or the vector of one of them for {@link SUBJECT}.
 */
const OTHERS: Readonly<Record<string, VectorSubject>> = {
  'another file': { ...SUBJECT, identity: { chain: [linkOf(3n, 'qcow2'), linkOf(2n, 'raw')] } },
  'another base': { ...SUBJECT, identity: { chain: [linkOf(1n, 'qcow2'), linkOf(3n, 'raw')] } },
  'only the base': { ...SUBJECT, identity: { chain: [linkOf(2n, 'raw')] } },
  'another format': { ...SUBJECT, identity: { chain: [linkOf(1n, 'raw'), linkOf(2n, 'raw')] } },
  'files that have changed': { ...SUBJECT, identity: changed(SUBJECT.identity) },
  'another hasher': { ...SUBJECT, algorithm: 'blake3' },
  'another version of the hasher': { ...SUBJECT, hasherVersion: '2' },
  'another block size': { ...SUBJECT, blockSize: 1024 },
  'the same files in a single link': { ...SUBJECT, identity: { chain: [linkOf([1n, 2n], 'qcow2')] } },
  // `formatsOf` returns the same text for this chain as for that of SUBJECT, because it joins formats by `<`.
  'a single link whose format contains <': { ...SUBJECT, identity: { chain: [linkOf([1n, 2n], 'qcow2<raw')] } },
};

const VOLATILE = {
  ...SUBJECT,
  identity: { chain: [linkOf(1n, 'qcow2'), { ...linkOf(2n, 'raw'), volatile: true }] },
} as const satisfies VectorSubject;

/** The contract of every store of hash vectors. Each call of the function must return an empty store. */
export function vectorStoreContract(create: () => VectorStore | Promise<VectorStore>): ContractTest[] {
  return asserting({ of: 'VectorStore', file: 'vector-store.d.ts' }, [
    {
      title: 'finds nothing in an empty store',
      async run() {
        await assertFinds(await create(), SUBJECT, undefined);
      },
    },
    {
      title: 'returns the header and rows of a vector from store() and from find()',
      async run() {
        for (const rows of [0, 1, 1000]) {
          const store = await create();
          const vector = vectorOf(SUBJECT, rows);
          const content = await contentOf(vector);
          assertSame(await contentOf(await store.store(vector)), content, 'expected store() to return the same rows');
          assertSame(await contentOf(await store.find(SUBJECT)), content, 'expected find() to return the same rows');
        }
      },
    },
    ...Object.entries(OTHERS).map(
      ([difference, other]): ContractTest => ({
        title: `keeps the vectors of two subjects apart if the second has ${difference}`,
        async run() {
          const store = await create();
          await store.store(vectorOf(SUBJECT, 3));
          await assertFinds(store, other, undefined);
          await store.store(vectorOf(other, 2));
          await assertFinds(store, SUBJECT, 3);
          await assertFinds(store, other, 2);
        },
      }),
    ),
    {
      title: 'finds the vector of files that were moved to other paths',
      async run() {
        const store = await create();
        await store.store(vectorOf(SUBJECT, 3));
        await assertFinds(store, { ...SUBJECT, identity: moved(SUBJECT.identity) }, 3);
      },
    },
    {
      title: 'stores the same vector several times concurrently',
      async run() {
        const store = await create();
        const stored = await Promise.all([1, 2, 3].map(() => store.store(vectorOf(SUBJECT, 5))));
        for (const { dataBlocks } of stored) {
          assert.equal(dataBlocks, 5, `expected each store() to return the vector of 5 rows, found ${dataBlocks}`);
        }
        await assertFinds(store, SUBJECT, 5);
      },
    },
    {
      title: 'returns rows that can be read concurrently, even after the signal has fired',
      async run() {
        const store = await create();
        await store.store(vectorOf(SUBJECT, 9));
        const controller = new AbortController();
        const found = await store.find(SUBJECT, { signal: controller.signal });
        controller.abort();
        const [one, other] = await Promise.all([contentOf(found), contentOf(found)]);
        assertSame(one, other, 'expected the same rows for both readers');
        assertSame(one, await contentOf(vectorOf(SUBJECT, 9)), 'expected the rows that were stored');
      },
    },
    {
      title: 'stores nothing after the signal has fired',
      async run() {
        const store = await create();
        const signal = AbortSignal.abort();
        await assertRefused(store.store(vectorOf(SUBJECT, 1), { signal }), 'aborted');
        await assertFinds(store, SUBJECT, undefined);
      },
    },
    {
      title: 'refuses a vector without an identity',
      async run() {
        const { identity: _, ...anonymous } = vectorOf(SUBJECT, 1);
        await assertRefused((await create()).store(anonymous), 'usage');
      },
    },
    {
      title: 'refuses a vector whose identity is volatile, and finds no vector for a volatile identity',
      async run() {
        const store = await create();
        await assertRefused(store.store(vectorOf(VOLATILE, 1)), 'usage');
        await store.store(vectorOf(SUBJECT, 1));
        await assertFinds(store, VOLATILE, undefined);
      },
    },
    {
      title: 'distinguishes the files of one link from those of the next',
      async run() {
        const store = await create();
        const [one, other] = [[[1n, 2n], 3n] as const, [1n, [2n, 3n]] as const].map(([top, base]) => ({
          ...SUBJECT,
          identity: { chain: [linkOf(top, 'vmdk'), linkOf(base, 'raw')] },
        }));
        await store.store(vectorOf(one!, 1));
        await assertFinds(store, other!, undefined);
      },
    },
  ]);
}

/** @param rows the number of rows of the expected vector; `undefined` to require that no vector is found */
async function assertFinds(store: VectorStore, subject: VectorSubject, rows: number | undefined): Promise<void> {
  const found = await store.find(subject);
  const [expected, actual] = [rows, found?.dataBlocks].map((each) =>
    each === undefined ? 'no vector' : `a vector of ${each} rows`,
  );
  assert.equal(actual, expected, `find: expected ${expected}, found ${actual}; derive keys with vectorKeyOf`);
}

async function assertRefused(storing: Promise<HashVector>, code: ErrorCode): Promise<void> {
  const remedy = code === 'usage' ? 'call vectorSubjectOf' : 'call throwIfAborted with the signal';
  await assert.rejects(storing, { code }, `store: expected a VirtSimilarityError with the code ${code}; ${remedy}`);
}

function vectorOf(subject: VectorSubject, rows: number): HashVector {
  const blocks = Uint32Array.from({ length: rows }, (_, row) => row * 2);
  const digests = Uint8Array.from({ length: rows * 32 }, (_, index) => index % 251);
  const header: Omit<HashVectorHeader, 'dataBlocks'> = {
    ...subject,
    name: 'disk.qcow2',
    digestLength: 32,
    virtualSize: (rows * 2 + 1) * subject.blockSize,
  };
  return hashVectorOf(header, blocks, digests);
}

async function contentOf(vector: HashVector | undefined) {
  assert.ok(vector !== undefined, 'expected the vector to be found');
  const blocks: number[] = [];
  const digests: number[] = [];
  for await (const rows of vector.rows()) {
    blocks.push(...rows.blocks);
    digests.push(...rows.digests);
  }
  const { rows: _, storage: __, ...header } = vector;
  return { header, blocks, digests };
}

function linkOf(inodes: bigint | readonly bigint[], format: string): Link {
  const parts = [inodes].flat().map((inode) => {
    const path = `/images/disk-${inode}`;
    return { kind: 'file', path, device: 1n, inode, size: 9n, mtimeNs: 1n, ctimeNs: 1n } as const;
  });
  return { format, parts };
}

function changed({ chain }: ImageIdentity): ImageIdentity {
  return { chain: chain.map((link) => ({ ...link, parts: link.parts.map((part) => ({ ...part, ctimeNs: 2n })) })) };
}

function moved({ chain }: ImageIdentity): ImageIdentity {
  return {
    chain: chain.map((link) => ({
      ...link,
      parts: link.parts.map((part) => ({ ...part, path: `/moved${part.path}` })),
    })),
  };
}
