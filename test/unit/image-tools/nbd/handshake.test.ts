import { describe, expect, test } from '@jest/globals';
import { ByteReceiver } from '#image-tools/nbd/byte-receiver.js';
import { type HandshakeRequest, type NbdExport, shakeHands } from '#image-tools/nbd/handshake.js';
import * as protocol from '#image-tools/nbd/protocol.js';

interface Handshake {
  readonly result: Promise<NbdExport>;
  readonly sent: Buffer[];
}

/** Performs a handshake with a server that sends all its bytes at once. */
function handshakeWith(...replies: Buffer[]): Handshake {
  return handshakeFor({ exportName: 'a' }, ...replies);
}

function handshakeFor(request: HandshakeRequest, ...replies: Buffer[]): Handshake {
  const receiver = new ByteReceiver();
  const sent: Buffer[] = [];
  receiver.push(Buffer.concat(replies));
  setImmediate(() => setImmediate(() => receiver.fail(new Error('the server hung up'))));
  const stream = {
    send: (bytes: Uint8Array) => sent.push(Buffer.from(bytes)),
    receive: (length: number) => receiver.receive(length),
  };
  return { result: shakeHands(stream, request, { component: 'qemu', image: 'disk.img' }), sent };
}

function greeting(flags: number, magic = protocol.OPTION_MAGIC): Buffer {
  const bytes = Buffer.alloc(18);
  bytes.writeBigUInt64BE(protocol.INIT_MAGIC, 0);
  bytes.writeBigUInt64BE(magic, 8);
  bytes.writeUInt16BE(flags, 16);
  return bytes;
}

function reply(option: number, type: number, data = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(20);
  header.writeBigUInt64BE(protocol.OPTION_REPLY_MAGIC, 0);
  header.writeUInt32BE(option, 8);
  header.writeUInt32BE(type, 12);
  header.writeUInt32BE(data.length, 16);
  return Buffer.concat([header, data]);
}

function exportInfo(size: bigint, flags = 0): Buffer {
  const data = Buffer.alloc(12);
  data.writeBigUInt64BE(size, 2);
  data.writeUInt16BE(flags, 10);
  return reply(protocol.OPT_GO, protocol.REP_INFO, data);
}

function blockSizes(minimum: number, maximum: number): Buffer {
  const data = Buffer.alloc(14);
  data.writeUInt16BE(protocol.INFO_BLOCK_SIZE, 0);
  data.writeUInt32BE(minimum, 2);
  data.writeUInt32BE(4096, 6);
  data.writeUInt32BE(maximum, 10);
  return reply(protocol.OPT_GO, protocol.REP_INFO, data);
}

const FIXED = protocol.FLAG_FIXED_NEWSTYLE;
const REFUSED_STRUCTURE = reply(protocol.OPT_STRUCTURED_REPLY, protocol.REP_ERR_UNSUP);
const GO = reply(protocol.OPT_GO, protocol.REP_ACK);

describe('shakeHands', () => {
  test('uses all features that a server offers', async () => {
    const { result } = handshakeWith(
      greeting(FIXED | protocol.FLAG_NO_ZEROES),
      reply(protocol.OPT_STRUCTURED_REPLY, protocol.REP_ACK),
      exportInfo(5n * 2n ** 40n, protocol.FLAG_SEND_DF | protocol.FLAG_CAN_MULTI_CONN),
      blockSizes(512, 2 ** 32 - 1),
      GO,
    );
    expect(await result).toEqual({
      size: 5 * 2 ** 40,
      minimumBlockSize: 512,
      maximumBlockSize: 32 * 2 ** 20,
      canForbidFragments: true,
      allowsMoreConnections: true,
    });
  });

  test('works without structured replies', async () => {
    const { result } = handshakeWith(greeting(FIXED), REFUSED_STRUCTURE, exportInfo(512n), GO);
    expect(await result).toMatchObject({ size: 512, canForbidFragments: false });
  });

  test('falls back to NBD_OPT_EXPORT_NAME, including padding, if the server does not support NBD_OPT_GO', async () => {
    const named = Buffer.alloc(10 + protocol.EXPORT_NAME_PADDING);
    named.writeBigUInt64BE(1024n);
    const unsupported = reply(protocol.OPT_GO, protocol.REP_ERR_UNSUP);
    const { result, sent } = handshakeWith(greeting(FIXED), REFUSED_STRUCTURE, unsupported, named);
    expect(await result).toMatchObject({ size: 1024, minimumBlockSize: 1 });
    expect(sent.at(-1)?.subarray(8)).toEqual(Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 97]));
  });

  test.each([
    ['a greeting of another protocol', [Buffer.from('SSH-2.0-OpenSSH_9.2')]],
    ['an oldstyle greeting', [greeting(FIXED, 0x00420281861253n)]],
    ['a greeting that is not of fixed newstyle', [greeting(0)]],
    ['a reply to another option', [greeting(FIXED), GO]],
    ['a reply without its magic number', [greeting(FIXED), Buffer.alloc(20)]],
    ['a reply that is too long', [greeting(FIXED), Buffer.concat([GO.subarray(0, 11), Buffer.alloc(9, 0xff)])]],
    ['a missing size', [greeting(FIXED), REFUSED_STRUCTURE, GO]],
    ['a size beyond the safe integers', [greeting(FIXED), REFUSED_STRUCTURE, exportInfo(2n ** 60n), GO]],
    ['impossible block sizes', [greeting(FIXED), REFUSED_STRUCTURE, exportInfo(512n), blockSizes(3, 4096), GO]],
  ])('fails on %s', async (_, replies) => {
    await expect(handshakeWith(...replies).result).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('broke the protocol'),
    });
  });

  test('reports why the server refuses the export', async () => {
    const refused = reply(protocol.OPT_GO, protocol.REP_FLAG_ERROR + 6, Buffer.from("no export\nnamed 'a'"));
    await expect(handshakeWith(greeting(FIXED), REFUSED_STRUCTURE, refused).result).rejects.toMatchObject({
      code: 'unreadable',
      message:
        "[qemu] cannot read disk.img: the NBD server refuses the export 'a' (no export named 'a'); name an export that it has",
    });
  });

  test('fails with the error of the stream if the server hangs up', async () => {
    await expect(handshakeWith(greeting(FIXED)).result).rejects.toThrow('the server hung up');
  });
});

describe('a handshake that asks for a map', () => {
  const STRUCTURED = reply(protocol.OPT_STRUCTURED_REPLY, protocol.REP_ACK);
  const request: HandshakeRequest = { exportName: 'a', map: true };
  const context = (number: number, name: string) =>
    reply(
      protocol.OPT_SET_META_CONTEXT,
      protocol.REP_META_CONTEXT,
      Buffer.concat([Buffer.of(0, 0, 0, number), Buffer.from(name)]),
    );
  const DONE = reply(protocol.OPT_SET_META_CONTEXT, protocol.REP_ACK);

  test('returns the number of the context base:allocation', async () => {
    const offered = [context(3, 'qemu:allocation-depth'), context(9, 'base:allocation'), DONE];
    const { result, sent } = handshakeFor(request, greeting(FIXED), STRUCTURED, ...offered, exportInfo(512n), GO);
    expect(await result).toMatchObject({ size: 512, allocationContext: 9 });
    const data = Buffer.from('\0\0\0\x01a\0\0\0\x01\0\0\0\x0fbase:allocation', 'latin1');
    expect(sent[2]?.subarray(16)).toEqual(data);
  });

  test.each([
    ['offers only another context', [context(3, 'qemu:allocation-depth'), DONE]],
    ['offers no context', [DONE]],
    ['does not know the option', [reply(protocol.OPT_SET_META_CONTEXT, protocol.REP_ERR_UNSUP)]],
  ])('works with a server that %s', async (_, replies) => {
    const { result } = handshakeFor(request, greeting(FIXED), STRUCTURED, ...replies, exportInfo(512n), GO);
    expect(await result).not.toHaveProperty('allocationContext');
  });

  test('sends no query to a server without structured replies', async () => {
    const { result } = handshakeFor(request, greeting(FIXED), REFUSED_STRUCTURE, exportInfo(512n), GO);
    expect(await result).toMatchObject({ size: 512 });
  });

  test('fails if the number of a context is missing', async () => {
    const short = reply(protocol.OPT_SET_META_CONTEXT, protocol.REP_META_CONTEXT, Buffer.of(1));
    await expect(handshakeFor(request, greeting(FIXED), STRUCTURED, short).result).rejects.toMatchObject({
      message: expect.stringContaining('broke the protocol'),
    });
  });
});

describe('a handshake with TLS', () => {
  test('starts TLS before any other option', async () => {
    let before = 0;
    const startTls = async () => {
      before = sent.length;
    };
    const { result, sent } = handshakeFor(
      { exportName: 'a', startTls },
      greeting(FIXED),
      reply(protocol.OPT_STARTTLS, protocol.REP_ACK),
      REFUSED_STRUCTURE,
      exportInfo(512n),
      GO,
    );
    expect(await result).toMatchObject({ size: 512 });
    // The client had sent its flags and one option.
    expect(before).toBe(2);
  });

  test('fails if the server does not support TLS', async () => {
    const { result, sent } = handshakeFor(
      { exportName: 'a', startTls: () => Promise.reject(new Error('not called')) },
      greeting(FIXED),
      reply(protocol.OPT_STARTTLS, protocol.REP_ERR_UNSUP),
    );
    await expect(result).rejects.toMatchObject({
      code: 'unreadable',
      message: expect.stringMatching(/does not support TLS; .*nbd:\/\//),
    });
    expect(sent).toHaveLength(2);
  });

  test('is proposed as the remedy if the server requires TLS', async () => {
    const required = reply(protocol.OPT_STRUCTURED_REPLY, protocol.REP_ERR_TLS_REQD);
    await expect(handshakeWith(greeting(FIXED), required).result).rejects.toMatchObject({
      code: 'unreadable',
      message: expect.stringContaining('requires TLS; use nbds://'),
    });
  });
});
