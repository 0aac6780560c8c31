import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { BlockHasher } from '../contracts/block-hasher.js';
import type { NamedPart } from '../contracts/plugin.js';
import { classifyFailure, messageOf, VirtSimilarityError, wording } from '../errors.js';
import { systemPath } from '../files/path-text.js';
import { type ExpectedFile, isExpected } from '../identity/chain.js';
import type { HashTask, Segment } from './hash-task.js';
import { requireNoPromise } from './probe-hasher.js';

/**
 * Bytes that are read at a time where blocks are not larger: what is hashed right after it was read
 * should still stand in the processor's second-level cache.
 */
const READ_BYTES = 128 * 1024;

/**
 * Reads the task's content, and writes the digest of every block that is not all zeros to `task.digests` and its mark
 * to `task.present`. Synchronous: made for worker threads.
 * Throws `changed` where a file is not the one it was, `unreadable` on an input/output error, `unavailable` where too many
 * files are open, `plugin` where the hasher returns a promise, and whatever the hasher throws.
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
        if (block.equals(zeros)) continue;
        const slot = first + index;
        const digest = task.digests.subarray(slot * part.digestLength, (slot + 1) * part.digestLength);
        const returned: unknown = part.hash(block, digest);
        if (returned !== undefined) requireNoPromise(hasher, returned);
        task.present[slot] = 1;
      }
    }
  } finally {
    for (const descriptor of descriptors.values()) closeSync(descriptor);
  }
}

/** Hands out the content of a task's segments from the first byte to the last. */
class ContentReader {
  readonly #task: HashTask;
  readonly #descriptors: Map<number, number>;
  #segment = 0;
  /** Bytes of the current segment that were handed out. */
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
    if (segment.kind === 'zero') target.fill(0);
    else if (segment.kind === 'memory')
      target.set(segment.bytes.subarray(this.#consumed, this.#consumed + target.length));
    else this.#readFile(segment.file, segment.offset + this.#consumed, target);
  }

  #readFile(index: number, offset: number, target: Buffer): void {
    const file = this.#task.files[index]!;
    let descriptor = this.#descriptors.get(index);
    if (descriptor === undefined) {
      descriptor = openExpected(file);
      this.#descriptors.set(index, descriptor);
    }
    let done = 0;
    while (done < target.length) {
      const read = readAt(file, descriptor, target, done, offset + done);
      if (read === 0) {
        throw new VirtSimilarityError(
          'changed',
          `${file.stamp.path} ends at byte ${offset + done}, but more was stored there when it was opened; ` +
            'stop what is writing to it and run again',
        );
      }
      done += read;
    }
  }
}

function openExpected(file: ExpectedFile): number {
  let descriptor: number;
  try {
    descriptor = openSync(
      systemPath(file.stamp.path),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
  } catch (cause) {
    const { code, ending } = classifyFailure(cause, 'unreadable', 'check the storage it lies on');
    throw new VirtSimilarityError(code, wording`cannot open ${file.stamp.path}: ${messageOf(cause)}${ending}`, {
      cause,
    });
  }
  if (isExpected(file, fstatSync(descriptor, { bigint: true }))) return descriptor;
  closeSync(descriptor);
  const happened = `${file.stamp.path} was written to or replaced while it was being read`;
  throw new VirtSimilarityError('changed', `${happened}; stop what is writing to it and run again`);
}

function readAt(file: ExpectedFile, descriptor: number, target: Buffer, start: number, offset: number): number {
  try {
    return readSync(descriptor, target, start, target.length - start, offset);
  } catch (cause) {
    const { code, ending } = classifyFailure(cause, 'unreadable', 'check the storage it lies on');
    const found = `cannot read ${file.stamp.path} at byte ${offset}: ${messageOf(cause)}`;
    throw new VirtSimilarityError(code, wording`${found}${ending}`, { cause });
  }
}
