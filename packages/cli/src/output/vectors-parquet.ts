import type { HashVector } from '@virt-similarity/core';
import { terminalText } from '@virt-similarity/core/reporting';

/** The most rows of a row group: as many as DuckDB writes by default. DuckDB reads row groups in parallel. */
const GROUP_ROWS = 122_880;

/** The extension of files with the hash vectors of several images. */
export const PARQUET_EXTENSION = '.parquet';

/**
 * Yields the bytes of a Parquet file with the rows of all hash vectors. Its columns are `image`, the name of the vector
 * with terminal control characters escaped; `block`, the block number; and `hash`, the digest as bytes, or as
 * hexadecimal text with `hex`. Zero blocks have no row.
 *
 * The metadata of the file has the hasher and the block size under the keys that hash-vector files use.
 *
 * @param vectors at least one, all of one hasher and block size
 * @throws the errors of reading the vectors.
 */
export async function* vectorsParquet(vectors: readonly HashVector[], hex: boolean): AsyncGenerator<Uint8Array> {
  // Imported here, because only this output needs it.
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const { algorithm, blockSize, digestLength } = vectors[0]!;
  const digest = hex
    ? ({ type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const)
    : ({ type: 'FIXED_LEN_BYTE_ARRAY', type_length: digestLength } as const);
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [
      { name: 'root', num_children: 3 },
      { name: 'image', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'block', type: 'INT64', repetition_type: 'REQUIRED' },
      { name: 'hash', ...digest, repetition_type: 'REQUIRED' },
    ],
    kvMetadata: [
      { key: 'virt-similarity.algorithm', value: algorithm },
      { key: 'virt-similarity.block-size', value: String(blockSize) },
    ],
    createdBy: 'virt-similarity',
  });
  /** Returns what was written since the last call. */
  const take = () => {
    const taken = bytes.getBytes().slice();
    bytes.index = 0;
    return taken;
  };
  for (const vector of vectors) {
    const image = terminalText(vector.name);
    for await (const { blocks, digests } of grouped(vector)) {
      const hashes = Array.from(blocks, (_, row) => digests.subarray(row * digestLength, (row + 1) * digestLength));
      await writer.write({
        columnData: [
          { name: 'image', data: new Array<string>(blocks.length).fill(image) },
          { name: 'block', data: Array.from(blocks, BigInt) },
          { name: 'hash', data: hex ? hashes.map((hash) => Buffer.from(hash).toString('hex')) : hashes },
        ],
        rowGroupSize: GROUP_ROWS,
      });
      yield take();
    }
  }
  await writer.finish();
  yield take();
}

/** Yields a vector's rows in groups. Each group except the last has at least {@link GROUP_ROWS} rows. */
async function* grouped(vector: HashVector): AsyncGenerator<{ blocks: Uint32Array; digests: Uint8Array }> {
  const { digestLength } = vector;
  let blocks: number[] = [];
  let digests: Uint8Array[] = [];
  for await (const rows of vector.rows()) {
    for (const block of rows.blocks) {
      blocks.push(block);
    }
    digests.push(rows.digests.slice());
    if (blocks.length >= GROUP_ROWS) {
      yield { blocks: Uint32Array.from(blocks), digests: Buffer.concat(digests) };
      [blocks, digests] = [[], []];
    }
  }
  if (blocks.length > 0) {
    yield { blocks: Uint32Array.from(blocks), digests: Buffer.concat(digests, blocks.length * digestLength) };
  }
}
