import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ByteReceiver } from '#image-tools/nbd/byte-receiver.js';
import type { NbdRequest } from '#image-tools/nbd/nbd-request.js';
import * as protocol from '#image-tools/nbd/protocol.js';
import { ReadRequest } from '#image-tools/nbd/read-request.js';
import { ReplyReader } from '#image-tools/nbd/reply-reader.js';
import { StatusRequest } from '#image-tools/nbd/status-request.js';
import { pushInPieces } from './push-in-pieces.js';

const { REPLY_FLAG_DONE: DONE } = protocol;

/** A reader of replies, its requests and their outcomes. */
class Exchange {
  readonly receiver = new ByteReceiver();
  readonly outcomes: string[] = [];
  readonly #requests = new Map<bigint, NbdRequest>();
  failure: Error | undefined;

  constructor() {
    const listener = {
      find: (handle: bigint) => this.#requests.get(handle),
      finish: (handle: bigint, request: NbdRequest) => {
        this.#requests.delete(handle);
        this.outcomes.push(`${handle} ${request.error?.message ?? 'done'}`);
      },
      fail: (reason: Error) => {
        this.failure = reason;
        this.receiver.fail(reason);
      },
    };
    new ReplyReader(this.receiver, listener, { component: 'qemu', image: 'disk.img' }).start();
  }

  read(handle: bigint, position: number, length: number): Buffer {
    const target = Buffer.alloc(length, 0xaa);
    const unused = () => {};
    this.#requests.set(handle, new ReadRequest(target, position, unused, unused));
    return target;
  }

  query(handle: bigint, start: number, length: number): StatusRequest {
    const unused = () => {};
    const request = new StatusRequest({ context: 7, alignment: 512 }, { start, length }, unused, unused);
    this.#requests.set(handle, request);
    return request;
  }
}

function simple(handle: bigint, errorNumber: number, data = ''): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32BE(protocol.SIMPLE_REPLY_MAGIC, 0);
  header.writeUInt32BE(errorNumber, 4);
  header.writeBigUInt64BE(handle, 8);
  return Buffer.concat([header, Buffer.from(data)]);
}

function chunk(handle: bigint, flags: number, type: number, ...payload: Buffer[]): Buffer {
  const content = Buffer.concat(payload);
  const header = Buffer.alloc(20);
  header.writeUInt32BE(protocol.STRUCTURED_REPLY_MAGIC, 0);
  header.writeUInt16BE(flags, 4);
  header.writeUInt16BE(type, 6);
  header.writeBigUInt64BE(handle, 8);
  header.writeUInt32BE(content.length, 16);
  return Buffer.concat([header, content]);
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) {
    bytes.writeUInt32BE(value, 4 * index);
  }
  return bytes;
}

function error(errorNumber: number, message: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(message));
  return Buffer.concat([u32(errorNumber), length, Buffer.from(message)]);
}

describe('ReplyReader', () => {
  test('parses simple and structured replies in any order, regardless of how the stream is split', () => {
    const replies = Buffer.concat([
      chunk(2n, 0, protocol.REPLY_TYPE_OFFSET_DATA, u64(104), Buffer.from('efgh')),
      simple(1n, 0, 'first'),
      simple(3n, 0, 'third'),
      chunk(2n, 0, protocol.REPLY_TYPE_OFFSET_HOLE, u64(108), u32(2)),
      simple(4n, 5),
      chunk(2n, DONE, protocol.REPLY_TYPE_OFFSET_DATA, u64(100), Buffer.from('abcd')),
      chunk(5n, 0, protocol.REPLY_TYPE_ERROR_OFFSET, error(5, 'bad\nmedium'), u64(2048)),
      chunk(5n, DONE, protocol.REPLY_TYPE_NONE),
    ]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 })), (lengths) => {
        const exchange = new Exchange();
        const first = exchange.read(1n, 0, 5);
        const second = exchange.read(2n, 100, 10);
        const third = exchange.read(3n, 8192, 5);
        exchange.read(4n, 512, 100);
        exchange.read(5n, 1024, 4096);
        pushInPieces(exchange.receiver, replies, lengths);
        expect(exchange.failure).toBeUndefined();
        expect(first.toString()).toBe('first');
        expect(second.toString()).toBe('abcdefgh\0\0');
        expect(third.toString()).toBe('third');
        expect(exchange.outcomes).toEqual([
          '1 done',
          '3 done',
          expect.stringMatching(/^4 \[qemu\] cannot read disk\.img: EIO at byte 512;/),
          '2 done',
          expect.stringMatching(/^5 \[qemu\] cannot read disk\.img: EIO at byte 2048 \(bad medium\);/),
        ]);
      }),
    );
  });

  test.each([
    ['without a magic number', Buffer.alloc(16, 0)],
    ['to an unknown request', simple(9n, 0)],
    ['with data before the requested range', chunk(0n, DONE, 1, u64(99), Buffer.alloc(10))],
    ['with data past the requested range', chunk(0n, DONE, 1, u64(105), Buffer.alloc(6))],
    ['with a hole past the requested range', chunk(0n, DONE, 2, u64(100), u32(11))],
    ['with too little data', chunk(0n, DONE, 1, u64(100), Buffer.alloc(9))],
    [
      'with the same half twice',
      Buffer.concat([0, DONE].map((flags) => chunk(0n, flags, 1, u64(100), Buffer.alloc(5)))),
    ],
    [
      'with a hole that overlaps its data',
      Buffer.concat([chunk(0n, 0, 1, u64(100), Buffer.alloc(6)), chunk(0n, DONE, 2, u64(105), u32(4))]),
    ],
    ['with all data twice', Buffer.concat([0, DONE].map((flags) => chunk(0n, flags, 1, u64(100), Buffer.alloc(10))))],
    ['without data', chunk(0n, DONE, 0)],
    ['of an unknown type', chunk(0n, DONE, 77, u64(0))],
    ['with a block status that was not requested', chunk(0n, DONE, 5, u32(1, 512, 0))],
    ['with an error message that is longer than the reply', chunk(0n, DONE, 32_769, u32(5), Buffer.of(1, 0))],
    ['with an empty chunk of data', chunk(0n, DONE, 1, u64(100))],
  ])('fails on a reply %s', (_, reply) => {
    const exchange = new Exchange();
    exchange.read(0n, 100, 10);
    exchange.receiver.push(reply);
    expect(exchange.failure).toMatchObject({ code: 'unavailable', message: expect.stringContaining('protocol') });
    expect(exchange.outcomes).toEqual([]);
  });
});

describe('the reply to a status query', () => {
  const status = (...payload: number[]) => chunk(1n, DONE, protocol.REPLY_TYPE_BLOCK_STATUS, u32(...payload));

  test('contains consecutive ranges; the last range is cut off at the end of the query', () => {
    const exchange = new Exchange();
    const request = exchange.query(1n, 1024, 4096);
    pushInPieces(exchange.receiver, status(7, 512, 3, 1024, 0, 512, 1, 2 ** 31, 2), [1, 5, 18, 3, 11]);
    expect(exchange.outcomes).toEqual(['1 done']);
    expect([...request.ranges()]).toEqual([
      { start: 1024, length: 512, isZero: true },
      { start: 1536, length: 1024, isZero: false },
      { start: 2560, length: 512, isZero: false },
      { start: 3072, length: 2048, isZero: true },
    ]);
  });

  test('can cover only the beginning of the query', () => {
    const exchange = new Exchange();
    const request = exchange.query(1n, 0, 4096);
    exchange.receiver.push(status(7, 512, 2));
    expect([...request.ranges()]).toEqual([{ start: 0, length: 512, isZero: true }]);
  });

  test('can be an error, which is reported with the position of the query', () => {
    const exchange = new Exchange();
    exchange.query(1n, 0, 4096);
    exchange.receiver.push(chunk(1n, DONE, protocol.REPLY_TYPE_FLAG_ERROR + 1, error(5, 'bad')));
    expect(exchange.outcomes).toEqual([expect.stringMatching(/^1 .*EIO at byte 0 \(bad\)/)]);
  });

  test.each<[string, Buffer]>([
    ['with the status of another context', status(8, 512, 0)],
    ['without ranges', status(7)],
    ['with half a range', status(7, 512)],
    ['with an empty range', status(7, 512, 0, 0, 0)],
    ['with a range that is not a multiple of the block size', status(7, 100, 0)],
    ['that is a simple reply', simple(1n, 0)],
    ['that contains data', chunk(1n, DONE, protocol.REPLY_TYPE_OFFSET_DATA, u64(0), Buffer.alloc(512))],
    ['that contains a hole', chunk(1n, DONE, protocol.REPLY_TYPE_OFFSET_HOLE, u64(0), u32(512))],
    ['that contains no status', chunk(1n, DONE, protocol.REPLY_TYPE_NONE)],
    [
      'that contains two statuses',
      Buffer.concat([chunk(1n, 0, protocol.REPLY_TYPE_BLOCK_STATUS, u32(7, 512, 0)), status(7, 512, 0)]),
    ],
    // Only the header arrives: the reader must not wait for the other bytes, or allocate memory for them.
    ['of 4 GiB', Buffer.concat([status(7, 512, 0).subarray(0, 16), u32(2 ** 32 - 4)])],
  ])('%s breaks the protocol', (_, reply) => {
    const exchange = new Exchange();
    exchange.query(1n, 0, 4096);
    exchange.receiver.push(reply);
    expect(exchange.failure).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('broke the protocol'),
    });
    expect(exchange.outcomes).toEqual([]);
  });

  test('breaks the protocol if the request was a read', () => {
    const exchange = new Exchange();
    exchange.read(1n, 0, 512);
    exchange.receiver.push(status(7, 512, 0));
    expect(exchange.failure).toMatchObject({ code: 'unavailable' });
  });
});
