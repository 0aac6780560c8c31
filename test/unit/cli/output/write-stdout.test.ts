import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { table } from '#cli/output/table.js';
import { writeStdout } from '#cli/output/write-stdout.js';

function failingWith(code: string): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })),
  });
}

describe('results', () => {
  test('are written whole, one piece after the other', async () => {
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

  test('end quietly when their reader has gone', async () => {
    await expect(writeStdout(['a', 'b'], failingWith('EPIPE'))).resolves.toBeUndefined();
  });

  test('that cannot be written because the disk is full are an error', async () => {
    await expect(writeStdout(['a'], failingWith('ENOSPC'))).rejects.toThrow(
      expect.objectContaining({ code: 'unavailable', message: 'cannot write to standard output: ENOSPC' }),
    );
  });

  test('that cannot be made fail with the error of their maker', async () => {
    async function* broken() {
      yield 'a';
      throw new Error('broken');
    }
    const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
    await expect(writeStdout(broken(), sink)).rejects.toThrow('broken');
  });
});

describe('a table', () => {
  test('aligns its columns and escapes what a terminal would obey', () => {
    expect([
      ...table([
        ['KIND', 'NAME'],
        ['reader', 'a\u001bb'],
        ['x', ''],
      ]),
    ]).toEqual(['KIND    NAME\n', 'reader  a\\x1bb\n', 'x\n']);
  });
});
