import { describe, expect, test } from '@jest/globals';
import { dmg } from '#readers/inspection/formats/dmg.js';
import { chunkPlace, dmgImage, withChunkTable } from '../../../../fixtures/dmg-image.js';
import { be32, be64, bytesOf } from '../headers.js';

const TRAILER_BYTES = 512;
const SOUND = dmgImage(Buffer.alloc(2 ** 20, 7));

function checkTables(image: Buffer): Promise<void> {
  return dmg.requireTables!(bytesOf(image));
}

function corrupt(message: RegExp): object {
  return { name: 'HeaderError', code: 'corrupt', message: expect.stringMatching(message) };
}

/** Returns the image with other values in its trailer, by their position. */
function withTrailer(image: Buffer, values: Readonly<Record<number, Buffer>>): Buffer {
  const changed = Buffer.from(image);
  for (const [position, value] of Object.entries(values)) {
    value.copy(changed, image.length - TRAILER_BYTES + Number(position));
  }
  return changed;
}

/** Returns the image with a modified property list. */
function withList(change: (list: string) => string): Buffer {
  const start = SOUND.indexOf('<plist>');
  const list = SOUND.toString('latin1', start, SOUND.length - TRAILER_BYTES);
  const changed = change(list);
  const image = Buffer.concat([SOUND.subarray(0, start), Buffer.from(changed), SOUND.subarray(-TRAILER_BYTES)]);
  return withTrailer(image, { 224: be64(changed.length) });
}

/** Returns the image with its chunk table also in a resource fork, which qemu reads instead of the property list. */
function withFork(image: Buffer, words: (tableBytes: number) => readonly number[]): Buffer {
  const list = /<data>(.*)<\/data>/.exec(image.toString('latin1'))![1]!;
  const table = Buffer.from(list, 'base64');
  const fork = Buffer.concat([be32(...words(table.length)), table]);
  const start = image.length - TRAILER_BYTES;
  const whole = Buffer.concat([image.subarray(0, start), fork, image.subarray(start)]);
  return withTrailer(whole, { 40: be64(start), 48: be64(fork.length) });
}

/**
 * Returns the words of a resource fork: the start of the resources, the start of their map, the length of the
 * resources, the length of the map, and the length of the first resource.
 */
const soundFork = (tableBytes: number) => [16, 0, tableBytes + 4, 0, tableBytes];

/** An image with a chunk whose bytes are past the end of the file. */
const PAST_THE_END = withChunkTable(SOUND, (table) => table.writeBigUInt64BE(2n ** 30n, chunkPlace(0).offset));

describe('a valid Apple disk image', () => {
  test.each([
    ['with a property list', SOUND],
    ['with wrapped data', withList((list) => list.replace('<data>', '<data>\n\t\t'))],
    ['with data that is not a table', withList((list) => list.replace('</array>', '<data>bm8=</data></array>'))],
    ['with a resource fork', withFork(SOUND, soundFork)],
    ['without tables', withTrailer(SOUND, { 224: be64(0) })],
  ])('%s is accepted', async (_, image) => {
    await expect(checkTables(image)).resolves.toBeUndefined();
  });
});

describe('an Apple disk image', () => {
  test.each<[string, Buffer, RegExp]>([
    ['with a chunk past the end in its property list', PAST_THE_END, /chunk ends at byte/],
    ['with a chunk past the end in its resource fork', withFork(PAST_THE_END, soundFork), /chunk ends at byte/],
    [
      'with a chunk whose position is beyond 64 bits',
      withChunkTable(SOUND, (table) => {
        table.writeBigUInt64BE(2n ** 64n - 1n, 24);
        table.writeBigUInt64BE(1n, chunkPlace(0).offset);
      }),
      /chunk ends at byte 18446744073709813760/,
    ],
    [
      'with a raw chunk that is too short',
      withChunkTable(SOUND, (table) => table.writeBigUInt64BE(1000n, chunkPlace(0).length)),
      /512 sectors has only 1000 bytes/,
    ],
    ['with unterminated data', withList((list) => list.replace('</data>', '</date>')), /Base64/],
    ['with data that is not Base64', withList((list) => list.replace('<data>', '<data>-')), /Base64/],
    ['with a list that is too long', withTrailer(SOUND, { 224: be64(2 ** 24 + 1) }), /at most 16777216/],
    ['with a fork past the end', withTrailer(SOUND, { 40: be64(2 ** 30), 48: be64(16) }), /resource fork ends/],
    ['with a fork that is too short', withTrailer(SOUND, { 48: be64(4) }), /truncated/],
    ['with resources past their fork', withFork(SOUND, (bytes) => [16, 0, bytes + 5, 0, bytes]), /truncated/],
    ['with resources that wrap around', withFork(SOUND, (bytes) => [bytes, 0, 2 ** 32 - bytes, 0, 0]), /truncated/],
    ['with a resource past the others', withFork(SOUND, (bytes) => [16, 0, bytes + 4, 0, bytes + 1]), /truncated/],
    ['with another trailer, which qemu would use', withList((list) => `${list}koly`), /exactly one dmg trailer/],
  ])('%s is corrupt', async (_, image, message) => {
    await expect(checkTables(image)).rejects.toMatchObject(corrupt(message));
  });
});
