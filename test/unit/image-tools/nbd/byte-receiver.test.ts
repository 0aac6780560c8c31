import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ByteReceiver } from '#image-tools/nbd/byte-receiver.js';
import { pushInPieces } from './push-in-pieces.js';

describe('ByteReceiver', () => {
  test('returns the same pieces regardless of how the stream is split', async () => {
    const lengths = fc.array(fc.nat(40), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(lengths, fc.array(fc.integer({ min: 1, max: 50 })), async (pieceLengths, chunkLengths) => {
        const total = pieceLengths.reduce((sum, length) => sum + length, 0);
        const stream = Buffer.from(Array.from({ length: total }, (_, index) => index));
        const receiver = new ByteReceiver();
        const received: Buffer[] = [];
        const expectNext = () => {
          const length = pieceLengths[received.length];
          if (length !== undefined) {
            const piece = Buffer.alloc(length);
            receiver.expect(piece, () => {
              received.push(piece);
              expectNext();
            });
          }
        };
        expectNext();
        pushInPieces(receiver, stream, chunkLengths);
        expect(received.map(({ length }) => length)).toEqual(pieceLengths);
        expect(Buffer.concat(received)).toEqual(stream);
      }),
    );
  });

  test('buffers bytes that arrive before they are requested', async () => {
    const receiver = new ByteReceiver();
    const chunk = Buffer.from('abcdef');
    receiver.push(chunk);
    chunk.fill(0);
    receiver.push(Buffer.from('gh'));
    expect((await receiver.receive(3)).toString()).toBe('abc');
    expect((await receiver.receive(0)).toString()).toBe('');
    expect((await receiver.receive(5)).toString()).toBe('defgh');
  });

  test('rejects pending and later requests after a failure', async () => {
    const receiver = new ByteReceiver();
    const waiting = receiver.receive(3);
    receiver.push(Buffer.from('ab'));
    receiver.fail(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await expect(receiver.receive(1)).rejects.toThrow('gone');
  });

  test('does not write into a destination after a failure', () => {
    const receiver = new ByteReceiver();
    const destination = Buffer.alloc(3);
    receiver.expect(destination, () => {});
    receiver.fail(new Error('gone'));
    receiver.push(Buffer.from('abc'));
    expect(destination).toEqual(Buffer.alloc(3));
  });
});
