import { VirtSimilarityError } from '@virt-similarity/core';
import { ByteReceiver } from '#image-tools/nbd/byte-receiver.js';
import { shakeHands } from '#image-tools/nbd/handshake.js';
import type { NbdRequest } from '#image-tools/nbd/nbd-request.js';
import * as protocol from '#image-tools/nbd/protocol.js';
import { ReadRequest } from '#image-tools/nbd/read-request.js';
import { ReplyReader } from '#image-tools/nbd/reply-reader.js';
import { StatusRequest } from '#image-tools/nbd/status-request.js';
import type { SeededRandom } from '../../fixtures/seeded-random.js';
import { applied, fieldsAt, mutate } from '../field-mutations.js';
import { type FuzzTarget, require, type Verdict } from '../fuzz-target.js';

const SPEAKER = { component: 'qemu', image: 'disk.img' };
const GUARD = 64;

/** Corrupted replies to three reads and a query of block status. */
export const nbdReplies: FuzzTarget = { name: 'nbd-replies', share: 20, prepare: async () => ({ execute: answer }) };

/** Corrupted handshakes of a server. */
export const nbdHandshakes: FuzzTarget = {
  name: 'nbd-handshakes',
  share: 10,
  prepare: async () => ({ execute: greet }),
};

const REPLIES = Buffer.concat([
  chunk(2n, 0, protocol.REPLY_TYPE_OFFSET_DATA, numbers(8, 104n), Buffer.from('efgh')),
  numbers(4, BigInt(protocol.SIMPLE_REPLY_MAGIC), 0n),
  numbers(8, 1n),
  Buffer.from('first'),
  chunk(2n, 0, protocol.REPLY_TYPE_OFFSET_HOLE, numbers(8, 108n), numbers(4, 2n)),
  chunk(2n, protocol.REPLY_FLAG_DONE, protocol.REPLY_TYPE_OFFSET_DATA, numbers(8, 100n), Buffer.from('abcd')),
  chunk(
    4n,
    protocol.REPLY_FLAG_DONE,
    protocol.REPLY_TYPE_ERROR_OFFSET,
    numbers(4, 5n),
    Buffer.from('\0\x03bad'),
    numbers(8, 9n),
  ),
  chunk(5n, protocol.REPLY_FLAG_DONE, protocol.REPLY_TYPE_BLOCK_STATUS, numbers(4, 1n, 4096n, 3n, 4096n, 0n)),
]);
const REPLY_FIELDS = ([1, 2, 4, 8] as const).flatMap((bytes) =>
  fieldsAt(0, Math.floor(REPLIES.length / bytes), bytes, 'big'),
);

async function answer(random: SeededRandom): Promise<Verdict> {
  // The buffers are parts of one piece of memory with guards between them, which must not change.
  const memory = Buffer.alloc(4 * GUARD, 0xaa);
  const receiver = new ByteReceiver();
  const nothing = () => {};
  const query = new StatusRequest({ context: 1, alignment: 1 }, { start: 0, length: 8192 }, nothing, nothing);
  const requests = new Map<bigint, NbdRequest>([
    [5n, query],
    [1n, new ReadRequest(memory.subarray(GUARD, GUARD + 5), 0, nothing, nothing)],
    [2n, new ReadRequest(memory.subarray(2 * GUARD, 2 * GUARD + 10), 100, nothing, nothing)],
    [4n, new ReadRequest(memory.subarray(3 * GUARD, 3 * GUARD + 1), 512, nothing, nothing)],
  ]);
  let failure: Error | undefined;
  const listener = {
    find: (handle: bigint) => requests.get(handle),
    finish: (handle: bigint) => void requests.delete(handle),
    fail: (reason: Error) => {
      failure = reason;
      receiver.fail(reason);
    },
  };
  new ReplyReader(receiver, listener, SPEAKER).start();
  pushInPieces(receiver, applied(REPLIES, mutate(REPLIES, REPLY_FIELDS, random)), random);
  for (const [start, end] of [
    [0, GUARD],
    [GUARD + 5, 2 * GUARD],
    [2 * GUARD + 10, 3 * GUARD],
    [3 * GUARD + 1, 4 * GUARD],
  ] as const) {
    require(memory.subarray(start, end).every((byte) => byte === 0xaa), 'unchanged bytes outside the buffers');
  }
  let position = 0;
  for (const { start, length } of query.ranges()) {
    require(start === position && start + length <= query.length, 'ranges in order, within the query');
    position = start + length;
  }
  require(failure === undefined || failure instanceof VirtSimilarityError, `an error of our own, found ${failure}`);
  return failure === undefined ? 'accepted' : 'rejected';
}

const HANDSHAKE = Buffer.concat([
  numbers(8, protocol.INIT_MAGIC, protocol.OPTION_MAGIC),
  Buffer.of(0, 3),
  option(protocol.OPT_STRUCTURED_REPLY, protocol.REP_ACK),
  option(protocol.OPT_SET_META_CONTEXT, protocol.REP_META_CONTEXT, numbers(4, 1n), Buffer.from('base:allocation')),
  option(protocol.OPT_SET_META_CONTEXT, protocol.REP_ACK),
  option(protocol.OPT_GO, protocol.REP_INFO, Buffer.of(0, 0), numbers(8, 65_536n), Buffer.of(0, 1)),
  option(protocol.OPT_GO, protocol.REP_INFO, Buffer.of(0, 3), numbers(4, 1n, 4096n, 33_554_432n)),
  option(protocol.OPT_GO, protocol.REP_ACK),
]);
const HANDSHAKE_FIELDS = ([1, 2, 4, 8] as const).flatMap((bytes) =>
  fieldsAt(0, Math.floor(HANDSHAKE.length / bytes), bytes, 'big').concat(
    fieldsAt(18, Math.floor((HANDSHAKE.length - 18) / bytes), bytes, 'big'),
  ),
);

async function greet(random: SeededRandom): Promise<Verdict> {
  const receiver = new ByteReceiver();
  const end = new VirtSimilarityError('unavailable', 'the server sends nothing further');
  pushInPieces(receiver, applied(HANDSHAKE, mutate(HANDSHAKE, HANDSHAKE_FIELDS, random)), random);
  const stream = { send: () => {}, receive: (length: number) => receiver.receive(bounded(length)) };
  const shaken = shakeHands(stream, { exportName: 'a', map: true }, SPEAKER);
  // The handshake can fail before it is awaited.
  shaken.catch(() => {});
  for (let turns = 0; turns < 4; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  receiver.fail(end);
  const { size, minimumBlockSize, maximumBlockSize } = await shaken;
  require(Number.isSafeInteger(size) && size >= 0, `a size, found ${size}`);
  require(minimumBlockSize >= 1 && maximumBlockSize >= minimumBlockSize, 'sizes of blocks');
  return 'accepted';
}

/** Requires that a message of the handshake is short. */
function bounded(length: number): number {
  require(length <= 2 ** 20, `messages of at most 1 MiB, found ${length}`);
  return length;
}

function pushInPieces(receiver: ByteReceiver, stream: Buffer, random: SeededRandom): void {
  for (let position = 0; position < stream.length; ) {
    const piece = stream.subarray(position, position + 1 + random.below(40));
    receiver.push(Buffer.from(piece));
    position += piece.length;
  }
}

function numbers(bytes: 4 | 8, ...values: readonly bigint[]): Buffer {
  return Buffer.concat(values.map((value) => Buffer.from(value.toString(16).padStart(2 * bytes, '0'), 'hex')));
}

function chunk(handle: bigint, flags: number, type: number, ...payload: readonly Buffer[]): Buffer {
  const content = Buffer.concat(payload);
  const kind = Buffer.alloc(4);
  kind.writeUInt16BE(flags, 0);
  kind.writeUInt16BE(type, 2);
  const magic = numbers(4, BigInt(protocol.STRUCTURED_REPLY_MAGIC));
  return Buffer.concat([magic, kind, numbers(8, handle), numbers(4, BigInt(content.length)), content]);
}

function option(number: number, type: number, ...payload: readonly Buffer[]): Buffer {
  const content = Buffer.concat(payload);
  const head = numbers(4, BigInt(number), BigInt(type), BigInt(content.length));
  return Buffer.concat([numbers(8, protocol.OPTION_REPLY_MAGIC), head, content]);
}
