import type { Extent } from '../contracts/disk-image.js';
import type { Segment } from './hash-task.js';

/**
 * Consecutive bytes of a planned task. `file` is the index of a file of the image (see `fileStampsOf`). Lengths,
 * offsets and positions are in bytes.
 */
export type PlannedSegment =
  | Exclude<Segment, { readonly kind: 'memory' }>
  /** Bytes at this position of the disk that are read through the image, as part of the read with the index `read`. */
  | { readonly kind: 'read'; readonly read: number; readonly position: number; readonly length: number };

/** Bytes to read through the image in one call: their position in the disk, and their number. */
export interface PlannedRead {
  readonly position: number;
  readonly length: number;
}

/**
 * The largest gap in bytes between two segments that are read in one call, because each call takes time too. The gap
 * must not contain a complete block, and no read is more than twice as long as its segments together.
 */
const READ_ACROSS = 32 * 1024;

/** Blocks of a disk that are not completely within zero extents, and the locations of their content. */
export interface PlannedTask {
  /** Block numbers, ascending. */
  readonly blocks: Uint32Array;
  /** The consecutive content of these blocks; padded with zeros past the end of the disk. */
  readonly segments: readonly PlannedSegment[];
  /** The reads that `segments` refer to, ascending by position, without overlap. */
  readonly reads: readonly PlannedRead[];
}

/** Returns the number of bytes of a task that are not in zero extents. */
export function dataBytesOf(task: PlannedTask): number {
  return task.segments.reduce((sum, { kind, length }) => (kind === 'zero' ? sum : sum + length), 0);
}

/**
 * Splits a disk into tasks of at most `blocksPerTask` blocks. Blocks that are completely within zero extents are left
 * out, so that the cost of a sparse disk does not depend on its size. Holes within other blocks are filled with zeros.
 */
export function* planTasks(
  extents: Iterable<Extent>,
  blockSize: number,
  blocksPerTask: number,
): Generator<PlannedTask> {
  const task = new TaskBuilder(blockSize, blocksPerTask);
  for (const extent of extents) {
    let position = extent.start;
    const end = extent.start + extent.length;
    while (position < end) {
      if (extent.kind === 'zero') {
        task.addZeros(Math.min(end - position, task.missing));
        position = end;
      } else {
        if (task.missing === 0) {
          if (task.isFull) {
            yield task.take();
          }
          task.openBlock(position);
        }
        const length = Math.min(end - position, task.room);
        task.addData(extent, position, length);
        position += length;
      }
    }
  }
  task.addZeros(task.missing);
  if (!task.isEmpty) {
    yield task.take();
  }
}

/** Collects blocks and segments until a task is full. */
class TaskBuilder {
  readonly #blockSize: number;
  readonly #blocks: Uint32Array;
  #count = 0;
  #segments: PlannedSegment[] = [];
  #reads: PlannedRead[] = [];
  /** The number of bytes of the last read that belong to segments. */
  #lastReadData = 0;
  /** The number of bytes that are missing from the last block of the task. */
  missing = 0;

  constructor(blockSize: number, blocksPerTask: number) {
    this.#blockSize = blockSize;
    this.#blocks = new Uint32Array(blocksPerTask);
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get isFull(): boolean {
    return this.#count === this.#blocks.length;
  }

  /** Starts the block that contains `position`. The bytes of the block before `position` are zeros. */
  openBlock(position: number): void {
    this.#blocks[this.#count++] = Math.floor(position / this.#blockSize);
    this.missing = this.#blockSize;
    this.addZeros(position % this.#blockSize);
  }

  /** The number of bytes of data that still fit in the task. */
  get room(): number {
    return this.missing + (this.#blocks.length - this.#count) * this.#blockSize;
  }

  addZeros(length: number): void {
    if (length === 0) {
      return;
    }
    this.#segments.push({ kind: 'zero', length });
    this.missing -= length;
  }

  addData(extent: Extent & { kind: 'data' }, position: number, length: number): void {
    this.#segments.push(
      extent.stored === undefined
        ? { kind: 'read', read: this.#addRead(position, length), position, length }
        : { kind: 'file', file: extent.stored.file, offset: extent.stored.offset + position - extent.start, length },
    );
    const whole = Math.max(0, length - this.missing);
    const opened = Math.ceil(whole / this.#blockSize);
    let block = this.#blocks[this.#count - 1]! + 1;
    for (let index = 0; index < opened; index++) {
      this.#blocks[this.#count++] = block++;
    }
    this.missing += opened * this.#blockSize - length;
  }

  take(): PlannedTask {
    const task = { blocks: this.#blocks.slice(0, this.#count), segments: this.#segments, reads: this.#reads };
    this.#count = 0;
    this.#segments = [];
    this.#reads = [];
    return task;
  }

  /** Extends the last read by these bytes, or adds a read for them. Returns the index of the read. */
  #addRead(position: number, length: number): number {
    const last = this.#reads.at(-1);
    const end = last === undefined ? Number.NEGATIVE_INFINITY : last.position + last.length;
    const gap = position - end;
    const hasBlockBetween = Math.ceil(end / this.#blockSize) < Math.floor(position / this.#blockSize);
    const isNear = gap <= READ_ACROSS && !hasBlockBetween;
    if (last !== undefined && isNear && last.length + gap <= 2 * this.#lastReadData) {
      this.#reads[this.#reads.length - 1] = { position: last.position, length: last.length + gap + length };
      this.#lastReadData += length;
    } else {
      this.#reads.push({ position, length });
      this.#lastReadData = length;
    }
    return this.#reads.length - 1;
  }
}
