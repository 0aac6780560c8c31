import type { BlockHasher } from '../contracts/block-hasher.js';
import type { NamedPart } from '../contracts/plugin.js';
import { openExpectedFile, readExpectedFile } from '../files/expected-file.js';
import { closeDescriptor } from '../files/regular-file.js';
import type { HashTask, Segment } from './hash-task.js';
import { requireNoPromise } from './probe-hasher.js';

/**
 * Bytes to read at a time unless blocks are larger: data that is hashed right after reading should still be in the
 * processor's second-level cache.
 */
const READ_BYTES = 128 * 1024;

/**
 * Reads the task's content. For every block that is not all zeros, writes its digest to `task.digests` and 1 to
 * `task.present`. Synchronous, for worker threads, and for hashers that run in the main thread.
 *
 * @throws `changed` if a file was changed or replaced, `unreadable` if it cannot be opened or read, `unavailable` if a
 *   system resource such as open files is exhausted, `plugin` if the hasher returns a promise, and whatever the hasher
 *   throws.
 */
export function runHashTask(task: HashTask, hasher: NamedPart<BlockHasher>): void {
  const { part } = hasher;
  const descriptors = new Map<number, number>();
  try {
    const content = new ContentReader(task, descriptors);
    const blocks = task.present.length;
    const blocksPerRead = Math.max(1, Math.floor(READ_BYTES / task.blockSize));
    const buffer = Buffer.allocUnsafeSlow(blocksPerRead * task.blockSize);
    const zeros = Buffer.alloc(task.blockSize);
    for (let first = 0; first < blocks; first += blocksPerRead) {
      const count = Math.min(blocksPerRead, blocks - first);
      content.fill(buffer.subarray(0, count * task.blockSize));
      for (let index = 0; index < count; index++) {
        const block = buffer.subarray(index * task.blockSize, (index + 1) * task.blockSize);
        if (block.equals(zeros)) {
          continue;
        }
        const slot = first + index;
        const digest = task.digests.subarray(slot * part.digestLength, (slot + 1) * part.digestLength);
        const returned: unknown = part.hash(block, digest);
        if (returned !== undefined) {
          requireNoPromise(hasher, returned);
        }
        task.present[slot] = 1;
      }
    }
  } finally {
    for (const descriptor of descriptors.values()) {
      closeDescriptor(descriptor);
    }
  }
}

/** Reads the content of a task's segments sequentially. */
class ContentReader {
  readonly #task: HashTask;
  readonly #descriptors: Map<number, number>;
  #segment = 0;
  /** The number of bytes of the current segment that were read. */
  #consumed = 0;

  constructor(task: HashTask, descriptors: Map<number, number>) {
    this.#task = task;
    this.#descriptors = descriptors;
  }

  fill(target: Buffer): void {
    let filled = 0;
    while (filled < target.length) {
      const segment = this.#task.segments[this.#segment]!;
      const length = Math.min(target.length - filled, segment.length - this.#consumed);
      this.#copy(segment, target.subarray(filled, filled + length));
      filled += length;
      this.#consumed += length;
      if (this.#consumed === segment.length) {
        this.#segment++;
        this.#consumed = 0;
      }
    }
  }

  #copy(segment: Segment, target: Buffer): void {
    if (segment.kind === 'zero') {
      target.fill(0);
    } else if (segment.kind === 'memory') {
      target.set(segment.bytes.subarray(this.#consumed, this.#consumed + target.length));
    } else {
      this.#readFile(segment.file, segment.offset + this.#consumed, target);
    }
  }

  #readFile(index: number, offset: number, target: Buffer): void {
    const file = this.#task.files[index]!;
    let descriptor = this.#descriptors.get(index);
    if (descriptor === undefined) {
      descriptor = openExpectedFile(file);
      this.#descriptors.set(index, descriptor);
    }
    readExpectedFile(file, descriptor, target, offset);
  }
}
