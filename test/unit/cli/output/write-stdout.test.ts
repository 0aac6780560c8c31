import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { table } from '#cli/output/table.js';
import { writeStdout } from '#cli/output/write-stdout.js';

function failingWith(code: string): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })),
  });
}

describe('writeStdout', () => {
  test('writes all pieces in order', async () => {
    const written: string[] = [];
    const stream = new Writable({
      highWaterMark: 1,
      write: (chunk, _encoding, done) => {
        written.push(String(chunk));
        setImmediate(done);
      },
    });
    await writeStdout(['a', 'b', 'c'], stream);
    expect(written).toEqual(['a', 'b', 'c']);
  });

  test('ends without an error if the pipe is closed', async () => {
    await expect(writeStdout(['a', 'b'], failingWith('EPIPE'))).resolves.toBeUndefined();
  });

  test('rejects if the disk is full', async () => {
    await expect(writeStdout(['a'], failingWith('ENOSPC'))).rejects.toThrow(
      expect.objectContaining({ code: 'unavailable', message: 'cannot write to standard output: ENOSPC' }),
    );
  });

  test('rejects with the error of a failed source', async () => {
    async function* broken() {
      yield 'a';
      throw new Error('broken');
    }
    const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
    await expect(writeStdout(broken(), sink)).rejects.toThrow('broken');
  });
});

describe('a table', () => {
  test('aligns its columns and escapes terminal control characters', () => {
    expect([
      ...table([
        ['KIND', 'NAME'],
        ['reader', 'a\u001bb'],
        ['x', ''],
      ]),
    ]).toEqual(['KIND    NAME\n', 'reader  a\\x1bb\n', 'x\n']);
  });
});
