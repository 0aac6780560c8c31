import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VirtSimilarityError } from '@virt-similarity/core';
import { RawReader } from '@virt-similarity/readers';
import type { FileBytes } from '#readers/inspection/format-inspector.js';
import { HeaderError } from '#readers/inspection/header-error.js';
import { inspect } from '#readers/inspection/inspect.js';
import { type TarFile, tarFiles } from '#readers/inspection/tar.js';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { runTool } from '../../fixtures/run-tool.js';
import type { SeededRandom } from '../../fixtures/seeded-random.js';
import { paxHeader, tarArchive, tarChecksum } from '../../fixtures/tar-archive.js';
import { applied, described, fieldsAt, type Mutation, mutate } from '../field-mutations.js';
import { Finding, type FuzzSubject, type FuzzTarget, require, type Verdict } from '../fuzz-target.js';
import { MutableFile } from '../mutable-file.js';

const BLOCK = 512;
/** The most bytes that the parser is allowed to read of a small archive. */
const MOST_READ = 4 * 2 ** 20;

/** tar archives: their headers in memory, then the inspection of each disk in the file. */
export const archives: FuzzTarget = {
  name: 'archives',
  share: 60,
  prepare: async (directory) => {
    const path = join(directory, 'vm.tar');
    const image = join(directory, 'disk.qcow2');
    await runTool('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', 'cluster_size=512', image, '1M']);
    const disk = { name: 'disk.raw', content: deterministicBytes('archive', 3000) };
    const long = { name: '././@LongLink', type: 'L', content: Buffer.from(`${'long/'.repeat(30)}disk.raw\0`) };
    const qcow2 = { name: 'vm/disk.qcow2', content: await readFile(image) };
    await writeFile(
      path,
      tarArchive(
        { name: 'vm.ovf' },
        disk,
        paxHeader({ path: 'pax.img', size: '3000' }),
        disk,
        long,
        disk,
        { ...disk, prefix: 'a/b' },
        qcow2,
      ),
    );
    return new Archives(path);
  },
};

class Archives implements FuzzSubject {
  readonly #path: string;
  readonly #file: MutableFile;
  readonly #reader = new RawReader();

  constructor(path: string) {
    this.#path = path;
    this.#file = new MutableFile(path);
  }

  async execute(random: SeededRandom): Promise<Verdict> {
    const { content } = this.#file;
    const mutation = withTarChecksums(content, mutate(content, headerFields(content), random));
    try {
      await parse(applied(content, mutation));
      return await this.#file.during(mutation, () => this.#inspectDisks());
    } catch (thrown) {
      if (thrown instanceof VirtSimilarityError) {
        throw thrown;
      }
      const problem = thrown instanceof Error ? thrown.stack : String(thrown);
      throw new Finding(`a tar archive with ${described(mutation)}: ${problem}`);
    }
  }

  async #inspectDisks(): Promise<Verdict> {
    const archive = this.#path;
    const names = await this.#reader.imagesIn({ path: archive });
    require(names === undefined || names.length > 0, 'a name of a disk');
    require(new Set(names).size === (names ?? []).length, 'names that differ');
    let verdict: Verdict = 'rejected';
    for (const name of names ?? []) {
      try {
        const { file, range } = await inspect({ path: `${archive}:${name}`, archive }, { allowedDirectories: [] });
        require(range !== undefined && range.offset % BLOCK === 0, 'a place in the archive');
        require(range.offset + range.length <= Number(file.size), 'a place within the archive');
        verdict = 'accepted';
      } catch (thrown) {
        if (!(thrown instanceof VirtSimilarityError)) {
          throw thrown;
        }
      }
    }
    return verdict;
  }

  async close(): Promise<void> {
    this.#file.close();
  }
}

/** Parses an archive in memory. Ignores a `HeaderError`. @throws Finding for a wrong result, and any other error */
async function parse(content: Buffer): Promise<void> {
  let files: readonly TarFile[];
  try {
    files = await tarFiles(countedBytes(content));
  } catch (thrown) {
    if (thrown instanceof HeaderError) {
      return;
    }
    throw thrown;
  }
  let end = 0;
  for (const { name, offset, length } of files) {
    require(name !== '' && !name.includes('\0') && !name.endsWith('/'), `a name, found ${JSON.stringify(name)}`);
    require(Number.isSafeInteger(offset + length) && length >= 0, `a length, found ${length}`);
    require(offset % BLOCK === 0 && offset > end, `a place after the one before, found ${offset}`);
    end = offset + length - 1;
  }
}

function countedBytes(content: Buffer): FileBytes {
  let total = 0;
  return {
    name: 'vm.tar',
    size: content.length,
    read: async (position, length) => {
      require(Number.isSafeInteger(position) && position >= 0, `a position, found ${position}`);
      require(Number.isSafeInteger(length) && length >= 0 && length <= 2 ** 16, `a length, found ${length}`);
      total += length;
      require(total <= MOST_READ, `reads of at most ${MOST_READ} bytes`);
      return Buffer.from(content.subarray(position, position + length));
    },
  };
}

/** Returns the positions of the blocks that have the magic of a tar header. */
function headersIn(content: Buffer): number[] {
  const blocks = Array.from({ length: Math.floor(content.length / BLOCK) }, (_, index) => index * BLOCK);
  return blocks.filter((at) => content.toString('latin1', at + 257, at + 262) === 'ustar');
}

/** Returns the relevant fields of all headers, mostly byte by byte, and the texts of extended attributes. */
function headerFields(content: Buffer) {
  return headersIn(content).flatMap((at) => [
    ...fieldsAt(at, 4, 1, 'big'),
    ...fieldsAt(at + 96, 8, 1, 'big'),
    ...fieldsAt(at + 124, 12, 1, 'big'),
    ...fieldsAt(at + 124, 3, 4, 'big'),
    ...fieldsAt(at + 128, 1, 8, 'big'),
    ...fieldsAt(at + 156, 1, 1, 'big'),
    ...fieldsAt(at + 156, 1, 1, 'big'),
    ...fieldsAt(at + 257, 8, 1, 'big'),
    ...fieldsAt(at + 345, 4, 1, 'big'),
    ...fieldsAt(at + BLOCK, 40, 1, 'big'),
  ]);
}

function withTarChecksums(content: Buffer, mutation: Mutation): Mutation {
  const changed = applied(content, mutation);
  const sums = headersIn(changed).map((at) => ({
    offset: at + 148,
    bytes: tarChecksum(changed.subarray(at, at + BLOCK)),
  }));
  return { ...mutation, patches: [...mutation.patches, ...sums] };
}
