import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { type ConnectNbdOptions, connectNbd } from '#image-tools/nbd/connect-nbd.js';
import type { NbdConnection } from '#image-tools/nbd/nbd-connection.js';
import { withNbdServer } from '../fixtures/nbd-server.js';
import { diskContent, makeImage, withDirectory } from './qemu-images.js';

interface SocketServer {
  readonly socketPath: string;
  readonly child: ChildProcess;
}

/** Starts a server on a socket, whose path replaces `SOCKET` in the arguments. Ends the server after `use`. */
function withServer<T>(
  directory: string,
  command: string,
  serverArguments: string[],
  use: (server: SocketServer) => Promise<T>,
): Promise<T> {
  const path = join(directory, 'socket');
  const words = serverArguments.map((argument) => (argument === 'SOCKET' ? path : argument));
  return withNbdServer([command, ...words], { path }, ({ child }) => use({ socketPath: path, child }));
}

function withNbdkit<T>(serverArguments: string[], use: (server: SocketServer) => Promise<T>): Promise<T> {
  return withDirectory((directory) =>
    withServer(directory, 'nbdkit', ['--foreground', '--unix', 'SOCKET', ...serverArguments], use),
  );
}

async function withConnection<T>(
  { socketPath }: SocketServer,
  use: (connection: NbdConnection) => Promise<T>,
  options: Partial<ConnectNbdOptions> = {},
): Promise<T> {
  const connection = await connectNbd(socketPath, { component: 'qemu', image: 'disk.img', ...options });
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

async function readBytes(connection: NbdConnection, position: number, length: number): Promise<Buffer> {
  const target = Buffer.alloc(length, 0xaa);
  await connection.read(target, position);
  return target;
}

/** Returns the content of nbdkit's pattern plugin: every eight bytes contain their position in big-endian order. */
function patternContent(position: number, length: number): Buffer {
  const start = position - (position % 8);
  const whole = Buffer.alloc(Math.ceil((position + length - start) / 8) * 8);
  for (let at = 0; at < whole.length; at += 8) {
    whole.writeBigUInt64BE(BigInt(start + at), at);
  }
  return whole.subarray(position - start, position - start + length);
}

function digest(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

describe('reading from nbdkit', () => {
  test.each([
    ['structured replies', []],
    ['simple replies', ['--no-sr']],
    ['a server that does not offer to omit padding (NO_ZEROES)', ['--mask-handshake', '1']],
  ])('returns the bytes at the position, with %s', async (_, serverArguments) => {
    await withNbdkit([...serverArguments, 'pattern', '8G'], (server) =>
      withConnection(server, async (connection) => {
        expect(connection.size).toBe(2 ** 33);
        for (const [position, length] of [
          [0, 1],
          [2 ** 32 - 5, 100_003],
          [2 ** 33 - 1, 1],
          [2 ** 33 - 2 ** 20, 2 ** 20],
          [7, 0],
        ] as const) {
          const received = await readBytes(connection, position, length);
          expect(digest(received)).toBe(digest(patternContent(position, length)));
        }
      }),
    );
  });

  test('answers many concurrent requests of different lengths', async () => {
    await withNbdkit(['pattern', '1G'], (server) =>
      withConnection(server, async (connection) => {
        const ranges = Array.from({ length: 200 }, (_, index) => [index * 4_999_999, 1 + index * 1009] as const);
        const received = await Promise.all(ranges.map(([start, length]) => readBytes(connection, start, length)));
        const expected = ranges.map(([start, length]) => patternContent(start, length));
        expect(received.map(digest)).toEqual(expected.map(digest));
      }),
    );
  });

  test('splits a long read into several requests', async () => {
    await withNbdkit(['pattern', '1G'], (server) =>
      withConnection(server, async (connection) => {
        const length = 33 * 2 ** 20 + 3;
        const received = await readBytes(connection, 11, length);
        expect(digest(received)).toBe(digest(patternContent(11, length)));
      }),
    );
  });

  test('respects the block sizes that the server requires', async () => {
    const policy = ['blocksize-minimum=4096', 'blocksize-maximum=65536', 'blocksize-error-policy=error'];
    await withNbdkit(['--filter=blocksize-policy', 'pattern', '1G', ...policy], (server) =>
      withConnection(server, async (connection) => {
        const received = await readBytes(connection, 4095, 200_001);
        expect(digest(received)).toBe(digest(patternContent(4095, 200_001)));
      }),
    );
  });

  test('chooses the export by its name', async () => {
    await withNbdkit(['eval', 'get_size=echo 65536', 'open=echo "$3"', 'pread=printf "%-$3s" "$2"'], (server) =>
      withConnection(
        server,
        async (connection) => expect((await readBytes(connection, 0, 20)).toString()).toBe('disk "7", ü'.padEnd(19)),
        { exportName: 'disk "7", ü' },
      ),
    );
  });
});

describe('reading from qemu-nbd', () => {
  test('returns the content of a compressed image', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.qcow2');
      const content = diskContent();
      await makeImage(path, 'qcow2', content, '-c');
      const options = ['--read-only', '--persistent', '--format=qcow2', '--socket', 'SOCKET', path];
      await withServer(directory, 'qemu-nbd', options, (server) =>
        withConnection(server, async (connection) => {
          expect(connection.size).toBe(content.length);
          expect(digest(await readBytes(connection, 0, content.length))).toBe(digest(content));
        }),
      );
    });
  });
});

describe('a server', () => {
  test('that fails one read causes an error with the position, and later reads succeed', async () => {
    await withDirectory(async (directory) => {
      const trigger = join(directory, 'fail');
      await writeFile(trigger, '');
      await withNbdkit(
        ['--filter=error', 'pattern', '1G', 'error=EIO', 'error-rate=100%', `error-file=${trigger}`],
        (server) =>
          withConnection(server, async (connection) => {
            await expect(readBytes(connection, 65_536, 4096)).rejects.toMatchObject({
              code: 'unreadable',
              image: 'disk.img',
              message: expect.stringMatching(/^\[qemu\] cannot read disk\.img: EIO at byte 65536/),
            });
            await rm(trigger);
            expect(await readBytes(connection, 65_536, 16)).toEqual(patternContent(65_536, 16));
          }),
      );
    });
  });

  test('that is killed makes every pending and later request fail', async () => {
    await withNbdkit(['--filter=delay', 'memory', '1G', 'rdelay=600'], (server) =>
      withConnection(server, async (connection) => {
        const pending = [0, 1, 2].map((position) => readBytes(connection, position, 4096));
        const outcomes = Promise.allSettled(pending);
        await delay(100);
        server.child.kill('SIGKILL');
        for (const outcome of await outcomes) {
          expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
        }
        await expect(readBytes(connection, 0, 1)).rejects.toMatchObject({ code: 'unavailable' });
      }),
    );
  });

  test('that does not answer is reported after the time limit', async () => {
    await withNbdkit(['--filter=delay', 'memory', '1G', 'rdelay=600'], (server) =>
      withConnection(
        server,
        async (connection) => {
          await expect(readBytes(connection, 7, 1)).rejects.toMatchObject({
            code: 'unavailable',
            message: expect.stringContaining('did not answer a read at byte 7 within 3 s'),
          });
        },
        { timeoutMs: 3000 },
      ),
    );
  });

  test('that does not exist results in the code unavailable', async () => {
    await withDirectory(async (directory) => {
      const connection = connectNbd(join(directory, 'none'), { component: 'qemu', image: 'disk.img' });
      await expect(connection).rejects.toMatchObject({ code: 'unavailable' });
    });
  });

  test('that lacks the export results in the code unreadable', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.raw');
      await writeFile(path, Buffer.alloc(512));
      const options = ['--read-only', '--persistent', '--format=raw', '--socket', 'SOCKET', '--export-name=a', path];
      await withServer(directory, 'qemu-nbd', options, async ({ socketPath }) => {
        const wrong = connectNbd(socketPath, { component: 'qemu', image: 'disk.raw', exportName: 'b' });
        await expect(wrong).rejects.toMatchObject({ code: 'unreadable', message: expect.stringContaining("'b'") });
      });
    });
  });
});

describe('ending a connection', () => {
  test('by the signal makes pending and later requests fail with the code aborted', async () => {
    await withNbdkit(['--filter=delay', 'memory', '1G', 'rdelay=600'], async (server) => {
      const interrupt = new AbortController();
      await withConnection(
        server,
        async (connection) => {
          const pending = readBytes(connection, 0, 4096);
          setTimeout(() => interrupt.abort(), 50);
          await expect(pending).rejects.toMatchObject({ code: 'aborted' });
          await expect(readBytes(connection, 0, 1)).rejects.toMatchObject({ code: 'aborted' });
        },
        { signal: interrupt.signal },
      );
    });
  });

  test('by close() makes pending requests fail, and a second close() has no effect', async () => {
    await withNbdkit(['--filter=delay', 'memory', '1G', 'rdelay=600'], async ({ socketPath }) => {
      const connection = await connectNbd(socketPath, { component: 'qemu', image: 'disk.img' });
      const pending = expect(readBytes(connection, 0, 4096)).rejects.toMatchObject({ code: 'unavailable' });
      await connection.close();
      await connection.close();
      await pending;
    });
  });
});
