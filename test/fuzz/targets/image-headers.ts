import { join } from 'node:path';
import { VirtSimilarityError } from '@virt-similarity/core';
import type { FileBytes } from '#readers/inspection/format-inspector.js';
import { requireGrainTables } from '#readers/inspection/formats/vmdk-grain-tables.js';
import { readSparseHeader } from '#readers/inspection/formats/vmdk-sparse.js';
import { FORMATS } from '#readers/inspection/formats.js';
import { HeaderError } from '#readers/inspection/header-error.js';
import { inspect } from '#readers/inspection/inspect.js';
import type { SeededRandom } from '../../fixtures/seeded-random.js';
import { applied, described, mutate } from '../field-mutations.js';
import { Finding, type FuzzSubject, type FuzzTarget, require, type Verdict } from '../fuzz-target.js';
import { imageFields } from '../image-fields.js';
import { MutableFile } from '../mutable-file.js';
import { withChecksums } from '../repair.js';
import { MAPPED_SAMPLES, makeSamples, OTHER_SAMPLES, type SampleImage } from '../sample-images.js';

/** The most bytes that an inspector is allowed to read at once: enough for the longest directory of tables. */
const LONGEST_READ = 32 * 2 ** 20;
/** The most bytes that an inspector is allowed to read of one image. */
const MOST_READ = 4 * LONGEST_READ;
const SAMPLES = [...MAPPED_SAMPLES, ...OTHER_SAMPLES];

/** Headers of every format: the inspector alone, with its reads counted, and the complete inspection of a file. */
export const imageHeaders: FuzzTarget = {
  name: 'image-headers',
  share: 430,
  prepare: async (directory) => {
    await makeSamples(directory, SAMPLES);
    return new ImageHeaders(directory);
  },
};

class ImageHeaders implements FuzzSubject {
  readonly #directory: string;
  readonly #files = new Map<SampleImage, MutableFile>();

  constructor(directory: string) {
    this.#directory = directory;
    for (const sample of SAMPLES) {
      this.#files.set(sample, new MutableFile(join(directory, sample.extent ?? sample.file)));
    }
  }

  async execute(random: SeededRandom): Promise<Verdict> {
    const sample = random.oneOf(SAMPLES);
    const file = this.#files.get(sample)!;
    const fields = imageFields(sample.format, file.content);
    const mutation = withChecksums(sample.format, file.content, mutate(file.content, fields, random));
    try {
      await inspectBytes(sample, applied(file.content, mutation));
      const isStated = random.below(2) === 0;
      const path = join(this.#directory, sample.file);
      return await file.during(mutation, () => this.#inspectFile(path, isStated ? sample.format : undefined));
    } catch (thrown) {
      if (thrown instanceof VirtSimilarityError) {
        throw thrown;
      }
      const problem = thrown instanceof Error ? thrown.stack : String(thrown);
      throw new Finding(`${sample.file} with ${described(mutation)}: ${problem}`);
    }
  }

  async #inspectFile(path: string, format: string | undefined): Promise<Verdict> {
    const source = format === undefined ? { path } : { path, format };
    for (let image = await inspect(source, { allowedDirectories: [this.#directory] }); ; ) {
      for (const layer of [image.file, ...image.extentFiles]) {
        require(layer.path.startsWith(`${this.#directory}/`), `files of ${this.#directory}, found ${layer.path}`);
      }
      requireSize(image.virtualSize);
      if (image.backing === undefined) {
        return 'accepted';
      }
      image = image.backing;
    }
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) {
      file.close();
    }
  }
}

/** Inspects bytes in memory, as an image or as an extent. Ignores a `HeaderError`. @throws Finding, and other errors */
async function inspectBytes(sample: SampleImage, content: Buffer): Promise<void> {
  try {
    await (sample.extent === undefined ? inspectImage(sample.format, content) : inspectExtent(content));
  } catch (thrown) {
    if (!(thrown instanceof HeaderError)) {
      throw thrown;
    }
  }
}

async function inspectImage(format: string, content: Buffer): Promise<void> {
  const inspector = FORMATS.find((each) => each.format === format)!;
  const ends = { head: content.subarray(0, 4096), tail: content.subarray(Math.max(0, content.length - 512)) };
  if (inspector.recognize(ends) === undefined) {
    return;
  }
  const bytes = countedBytes(content);
  requireSize((await inspector.readHeader(bytes)).virtualSize);
  await inspector.requireTables?.(bytes);
}

async function inspectExtent(content: Buffer): Promise<void> {
  const bytes = countedBytes(content);
  await requireGrainTables(bytes, await readSparseHeader(bytes));
}

/**
 * Returns the content as the bytes of a file. Reads stop at the end of the content. Invalid positions and lengths, and
 * reads beyond the limits, are findings.
 */
function countedBytes(content: Buffer): FileBytes {
  let total = 0;
  return {
    name: 'image',
    size: content.length,
    read: async (position, length) => {
      require(Number.isSafeInteger(position) && position >= 0, `a position, found ${position}`);
      require(Number.isSafeInteger(length) && length >= 0 && length <= LONGEST_READ, `a length, found ${length}`);
      total += length;
      require(total <= MOST_READ, `reads of at most ${MOST_READ} bytes`);
      return Buffer.from(content.subarray(position, position + length));
    },
  };
}

function requireSize(size: number | undefined): void {
  require(size === undefined || (Number.isSafeInteger(size) && size >= 0), `a virtual size, found ${size}`);
}
