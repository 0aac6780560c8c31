import { createHash } from 'node:crypto';
import { excerptOf, VirtSimilarityError } from '../errors.js';

/**
 * A part of an index: some of its vectors, divided into windows, which are ranges of block numbers. A segment never
 * changes once it is built.
 *
 * The file of a segment consists of a header, the windows, and the sizes of the windows. The header consists of the
 * length of a JSON text in bytes (u32), and the JSON text. The sizes in bytes (u32 each) are followed by their number
 * (u32). The name of the file begins with the SHA-256 of the header, and each window has a checksum. Numbers are
 * little-endian.
 */
export interface Segment {
  /** One key for each vector, which identifies the vector's content (see `keyOf`). */
  readonly keys: readonly string[];
  /** The size of each window in bytes. */
  readonly windowSizes: readonly number[];
  /**
   * Calls `call` with a function that fills `target` with the next window. Each call of `read` starts with the first
   * window. The length of `target` must be the size of the window.
   *
   * @throws what reading and `call` throw.
   */
  read<Result>(call: (readNext: ReadWindow) => Promise<Result>): Promise<Result>;
  /** The path of the file; absent if the segment is in memory. */
  readonly path?: string;
}

export type ReadWindow = (target: Uint8Array) => void | Promise<void>;

/** Collects the windows of a segment in memory. */
export async function segmentInMemory(keys: readonly string[], windows: AsyncIterable<Uint8Array>): Promise<Segment> {
  const copies: Uint8Array[] = [];
  for await (const window of windows) {
    copies.push(window.slice());
  }
  const read: Segment['read'] = async (call) => {
    let next = 0;
    return call((target) => target.set(copies[next++]!));
  };
  return { keys, windowSizes: copies.map(({ length }) => length), read };
}

/** The largest header and the largest window that are accepted, in bytes. Those of 32,768 vectors are smaller. */
const LARGEST = 32 * 1024 * 1024;
const FORMAT = 'virt-similarity vector index 1';
const FILE_NAME = /^[0-9a-f]{64}\.vector-index$/;

export function isSegmentName(name: string): boolean {
  return FILE_NAME.test(name);
}

/** Returns the header of a segment's file, and the file's name. */
export function segmentHeaderOf(keys: readonly string[]): { name: string; bytes: Uint8Array } {
  const text = Buffer.from(JSON.stringify({ format: FORMAT, keys }));
  const bytes = Buffer.alloc(4 + text.length);
  bytes.writeUInt32LE(text.length);
  text.copy(bytes, 4);
  return { name: nameOf(bytes), bytes };
}

/** Returns the end of a segment's file. */
export function segmentEndOf(windowSizes: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from([...windowSizes, windowSizes.length]).buffer);
}

/** The keys and window sizes in a segment's file, and the offset of its first window in bytes. */
export interface SegmentLayout extends Pick<Segment, 'keys' | 'windowSizes'> {
  readonly windowsAt: number;
}

/** The bytes of a segment's file, readable in any order. */
export interface SegmentBytes {
  readonly path: string;
  readonly size: number;
  read(length: number, position: number): Uint8Array | Promise<Uint8Array>;
}

/**
 * Reads the header and the end of a segment's file, which may be damaged.
 *
 * @param name the file's name
 * @throws `corrupt` if the header or the end is damaged, and what `read` throws.
 */
export async function readSegmentLayout({ path, size, read }: SegmentBytes, name: string): Promise<SegmentLayout> {
  const length = numbersIn(await read(4, 0))[0]!;
  const longest = Math.min(LARGEST, size - 8);
  requireSound(length <= longest, path, `a header of at most ${longest} bytes`, String(length));
  const header = await read(4 + length, 0);
  requireSound(nameOf(header) === name, path, 'a header whose SHA-256 is in the file name', 'another header');
  const keys = keysIn(header, path);
  const windowsAt = 4 + length;
  const count = numbersIn(await read(4, size - 4))[0]!;
  const endAt = size - 4 - count * 4;
  const mostSizes = Math.max(0, Math.floor((size - windowsAt) / 4) - 1);
  requireSound(endAt >= windowsAt, path, `at most ${mostSizes} window sizes`, String(count));
  const windowSizes = [...numbersIn(await read(count * 4, endAt))];
  const total = windowSizes.reduce((sum, bytes) => sum + bytes, 0);
  requireSound(windowsAt + total === endAt, path, `windows of ${endAt - windowsAt} bytes in total`, String(total));
  const largest = windowSizes.reduce((most, bytes) => Math.max(most, bytes), 0);
  requireSound(largest <= LARGEST, path, `windows of at most ${LARGEST} bytes`, String(largest));
  return { keys, windowSizes, windowsAt };
}

function keysIn(header: Uint8Array, path: string): readonly string[] {
  const text = Buffer.from(header.subarray(4)).toString();
  let content: { readonly format?: unknown; readonly keys?: unknown } | null = null;
  try {
    content = JSON.parse(text);
  } catch {
    // Not JSON.
  }
  if (content?.format !== FORMAT || !Array.isArray(content.keys)) {
    throw damagedSegment(path, `expected a header of ${FORMAT}, found ${excerptOf(text)}`);
  }
  return content.keys;
}

export function damagedSegment(path: string, problem: string): VirtSimilarityError {
  return new VirtSimilarityError('corrupt', `cannot use ${path}: ${problem}`, { image: path });
}

function requireSound(condition: boolean, path: string, expected: string, found: string): void {
  if (!condition) {
    throw damagedSegment(path, `expected ${expected}, found ${found}`);
  }
}

function numbersIn(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(Uint8Array.from(bytes).buffer);
}

function nameOf(header: Uint8Array): string {
  return `${createHash('sha256').update(header).digest('hex')}.vector-index`;
}
