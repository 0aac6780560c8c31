import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  HammingMetric,
  type HashVector,
  HashVectorCache,
  type HashVectorHeader,
  hashVectorOf,
  type ImageIdentity,
  openHashVector,
  VirtSimilarityError,
  writeHashVector,
} from '@virt-similarity/core';
import { compareVectors } from '#core/distance/compare-vectors.js';
import { vectorKeyOf } from '#core/store/vector-key.js';
import { deterministicBytes } from '../../fixtures/index.js';
import type { SeededRandom } from '../../fixtures/seeded-random.js';
import { arrowFields } from '../arrow-fields.js';
import { applied, described, type Field, mutate } from '../field-mutations.js';
import { Finding, type FuzzSubject, type FuzzTarget, require, type Verdict } from '../fuzz-target.js';

const IDENTITY: ImageIdentity = {
  chain: [
    {
      format: 'qcow2',
      parts: [{ kind: 'file', path: '/images/a.qcow2', device: 1n, inode: 2n, size: 3n, mtimeNs: 4n, ctimeNs: 5n }],
    },
  ],
};
const SUBJECT = { identity: IDENTITY, algorithm: 'sha256', hasherVersion: '1', blockSize: 65_536 };
/** One in this many accepted files is compared with a sample vector by the engine, which reads the file itself. */
const COMPARED = 50;

/** Hash-vector files that are named on the command line like images. */
export const namedVectors: FuzzTarget = {
  name: 'named-hash-vectors',
  share: 120,
  prepare: (directory) => HashVectorFiles.prepare(directory, readNamed),
};

/** Forged entries of the cache, whose names match their content. */
export const cachedVectors: FuzzTarget = {
  name: 'cached-hash-vectors',
  share: 80,
  prepare: (directory) => HashVectorFiles.prepare(directory, findCached),
};

/** Writes bytes to a file and reads them as a vector. Returns `undefined` if they are not accepted. */
type ReadBytes = (bytes: Buffer, directory: string) => Promise<HashVector | undefined>;

class HashVectorFiles implements FuzzSubject {
  readonly #directory: string;
  readonly #read: ReadBytes;
  readonly #samples: readonly (readonly [content: Buffer, fields: readonly Field[]])[];
  readonly #valid = sampleVector(100, IDENTITY);

  private constructor(directory: string, read: ReadBytes, contents: readonly Buffer[]) {
    this.#directory = directory;
    this.#read = read;
    this.#samples = contents.map((content) => [content, arrowFields(content)]);
  }

  static async prepare(directory: string, read: ReadBytes): Promise<HashVectorFiles> {
    const contents: Buffer[] = [];
    // No row, one batch, several batches; with and without an identity.
    for (const vector of [sampleVector(0), sampleVector(50, IDENTITY), sampleVector(17_000, IDENTITY)]) {
      const path = join(directory, 'sample.arrow');
      await writeHashVector(vector, path);
      contents.push(await readFile(path));
    }
    return new HashVectorFiles(directory, read, contents);
  }

  async execute(random: SeededRandom): Promise<Verdict> {
    const [content, fields] = random.oneOf(this.#samples);
    const mutation = mutate(content, fields, random);
    try {
      const vector = await this.#read(applied(content, mutation), this.#directory);
      if (vector === undefined) {
        return 'rejected';
      }
      await requireSound(vector);
      if (random.below(COMPARED) === 0) {
        await this.#compare(vector);
      }
      return 'accepted';
    } catch (thrown) {
      if (thrown instanceof VirtSimilarityError) {
        throw thrown;
      }
      const problem = thrown instanceof Error ? thrown.stack : String(thrown);
      throw new Finding(`${content.length} bytes with ${described(mutation)}: ${problem}`);
    }
  }

  /** Requires that the engine, which reads the file itself, finds the same rows. */
  async #compare(vector: HashVector): Promise<void> {
    const metric = new HammingMetric();
    const [fromFile] = (await compareVectors([vector, this.#valid], metric)).values;
    const [fromMemory] = (await compareVectors([await inMemory(vector), this.#valid], metric)).values;
    require(fromFile === fromMemory, `distance ${fromMemory}, found ${fromFile}`);
  }
}

async function readNamed(bytes: Buffer, directory: string): Promise<HashVector> {
  const path = join(directory, 'named.arrow');
  writeFileSync(path, bytes);
  return openHashVector(path);
}

/** Looks up a forged entry in a new cache. The cache must warn about a bad entry, and must not throw. */
async function findCached(bytes: Buffer, directory: string): Promise<HashVector | undefined> {
  const cache = join(directory, 'cache');
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(cache, { mode: 0o700 });
  const digest = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(cache, `${vectorKeyOf(SUBJECT)}.${digest}.arrow`), bytes);
  const warnings: string[] = [];
  const reader = new HashVectorCache(cache, (message) => warnings.push(message));
  let found: HashVector | undefined;
  try {
    found = await reader.find(SUBJECT);
    await reader.verify();
  } catch (thrown) {
    throw new Finding(`expected no error of the cache, found ${thrown instanceof Error ? thrown.stack : thrown}`);
  }
  require(found !== undefined || warnings.length === 1, `a warning, found ${warnings.length}`);
  return found;
}

/** Reads all rows, which must match the header. */
async function requireSound(vector: HashVector): Promise<void> {
  const blockCount = Math.ceil(vector.virtualSize / vector.blockSize);
  let previous = -1;
  let rows = 0;
  for await (const { blocks, digests } of vector.rows()) {
    rows += blocks.length;
    require(digests.length === blocks.length * vector.digestLength, 'a digest for every block');
    for (const block of blocks) {
      require(block > previous && block < blockCount, `a block above ${previous} and below ${blockCount}`);
      previous = block;
    }
  }
  require(rows === vector.dataBlocks, `${vector.dataBlocks} rows, found ${rows}`);
}

async function inMemory({ rows, storage, dataBlocks, ...header }: HashVector): Promise<HashVector> {
  const pieces: { blocks: Uint32Array; digests: Uint8Array }[] = [];
  for await (const piece of rows()) {
    pieces.push({ blocks: piece.blocks, digests: piece.digests });
  }
  const blocks = Uint32Array.from(pieces.flatMap((piece) => [...piece.blocks]));
  return hashVectorOf(header, blocks, Buffer.concat(pieces.map(({ digests }) => digests)));
}

function sampleVector(rows: number, identity?: ImageIdentity): HashVector {
  const header: Omit<HashVectorHeader, 'dataBlocks'> = {
    name: 'a.qcow2',
    algorithm: SUBJECT.algorithm,
    hasherVersion: SUBJECT.hasherVersion,
    digestLength: 32,
    blockSize: SUBJECT.blockSize,
    virtualSize: 20_000 * SUBJECT.blockSize,
    ...(identity && { identity }),
  };
  const blocks = Uint32Array.from({ length: rows }, (_, row) => row + (row >> 4));
  return hashVectorOf(header, blocks, deterministicBytes('digests', rows * 32));
}
