import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAnalyzer, type DiskImage } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers, { NbdReader, NbdSource } from '@virt-similarity/readers';
import { diskReaderContract, imageSourceContract } from '@virt-similarity/testing';
import { type TestServer, unusedPort, withNbdServer } from '../fixtures/nbd-server.js';
import { openImage } from '../fixtures/open-image.js';
import { contentByExtents, diskContent, extentsOf, makeImage, runTestTool, withDirectory } from './qemu-images.js';

const reader = new NbdReader();

async function withImage<T>(path: string, use: (image: DiskImage) => Promise<T>, signal?: AbortSignal): Promise<T> {
  const image = await openImage(reader, { path }, { allowedDirectories: [], ...(signal && { signal }) });
  try {
    return await use(image);
  } finally {
    await image.close();
  }
}

/** Calls `use` while a server serves a new disk on a Unix socket. Both are in a temporary directory. */
function withServer<T>(
  serve: (directory: string, socket: string) => readonly [string, ...string[]],
  use: (uri: string, server: TestServer, directory: string) => Promise<T>,
): Promise<T> {
  return withDirectory(async (directory) => {
    const path = join(directory, 'socket');
    await makeImage(join(directory, 'disk.raw'), 'raw', diskContent());
    await makeImage(join(directory, 'disk.qcow2'), 'qcow2', diskContent());
    return withNbdServer(serve(directory, path), { path }, (server) =>
      use(`nbd+unix:///disk%201?socket=${path}`, server, directory),
    );
  });
}

const BY_QEMU_NBD = (directory: string, socket: string) =>
  [
    'qemu-nbd',
    ...['--read-only', '--persistent', '--format=qcow2', '--socket', socket, '--export-name=disk 1'],
    join(directory, 'disk.qcow2'),
  ] as const;
const BY_NBDKIT = (directory: string, socket: string) =>
  ['nbdkit', '--foreground', '--unix', socket, 'file', join(directory, 'disk.raw')] as const;
/** Returns the words that start a server that never answers a read. */
const STALLED = (_: string, socket: string) =>
  ['nbdkit', '--foreground', '--unix', socket, '--filter=delay', 'memory', '1G', 'rdelay=100000'] as const;

describe.each([
  ['qemu-nbd', BY_QEMU_NBD],
  ['nbdkit', BY_NBDKIT],
])('the contract of a disk reader, with %s', (_, serve) => {
  let stop: () => void;
  let uri: string;
  let served: Promise<void>;
  beforeAll(async () => {
    await new Promise<void>((resolve, reject) => {
      served = withServer(serve, async (named) => {
        uri = named;
        await new Promise<void>((end) => {
          stop = end;
          resolve();
        });
      });
      served.catch(reject);
    });
  });
  afterAll(async () => {
    stop();
    await served;
  });
  const suite = diskReaderContract(async () => ({
    reader,
    image: { source: { path: uri }, options: { allowedDirectories: [] }, content: diskContent() },
  }));
  for (const { title, run } of suite) {
    test(title, run);
  }
});

describe.each(['nbd', 'nbds', 'nbd+unix'] as const)('the contract of a source, with %s', (scheme) => {
  const words = ['a', 'b'].map((name) => (scheme === 'nbd+unix' ? `/${name}?socket=s` : `host/${name}`));
  for (const { title, run } of imageSourceContract(() => ({ source: new NbdSource(scheme), words }))) {
    test(title, run);
  }
});

describe('zeros of an export', () => {
  test.each([
    ['qemu-nbd', BY_QEMU_NBD],
    ['nbdkit', BY_NBDKIT],
  ])('are not read from %s', async (_, serve) => {
    await withServer(serve, (uri) =>
      withImage(uri, async (image) => {
        const extents = await extentsOf(image);
        expect(extents.filter(({ kind }) => kind === 'zero').length).toBeGreaterThan(1);
        expect(Buffer.compare(await contentByExtents(image), diskContent())).toBe(0);
      }),
    );
  });

  test('are read from a server that does not report them', async () => {
    await withServer(
      (directory, socket) => [
        'nbdkit',
        '--foreground',
        '--no-sr',
        '--unix',
        socket,
        'file',
        join(directory, 'disk.raw'),
      ],
      (uri) =>
        withImage(uri, async (image) => {
          expect(await extentsOf(image)).toEqual([{ kind: 'data', start: 0, length: image.virtualSize }]);
          expect(Buffer.compare(await contentByExtents(image), diskContent())).toBe(0);
        }),
    );
  });

  test('of an empty disk of 8 TiB are one extent', async () => {
    await withServer(
      (_, socket) => ['nbdkit', '--foreground', '--unix', socket, 'memory', '8T'],
      (uri) =>
        withImage(uri, async (image) => {
          expect(await extentsOf(image)).toEqual([{ kind: 'zero', start: 0, length: 2 ** 43 }]);
        }),
    );
  });

  test('are found in more ranges than one reply contains', async () => {
    await withServer(
      (_, socket) => [
        'nbdkit',
        '--foreground',
        '--unix',
        socket,
        'sparse-random',
        'size=256M',
        'percent=50',
        'runlength=4096',
      ],
      (uri) =>
        withImage(uri, async (image) => {
          const extents = await extentsOf(image);
          expect(extents.length).toBeGreaterThan(1000);
          expect(extents.reduce((end, { start, length }) => (start === end ? start + length : -1), 0)).toBe(2 ** 28);
        }),
    );
  });
});

describe('an analysis', () => {
  const analyzer = () => createAnalyzer({ plugins: [readers, hashers] });

  test('finds the distance 0 between an export and its disk, and stores no vector of the export', async () => {
    await withServer(BY_QEMU_NBD, async (uri, _, directory) => {
      const cache = join(directory, 'cache');
      const images = [uri, join(directory, 'disk.raw')];
      const { distances, images: analyzed } = await analyzer().analyze(images, { cache });
      expect([...distances.values]).toEqual([0]);
      expect(analyzed[0]!.dataBlocks).toBe(analyzed[1]!.dataBlocks);
      const cached: boolean[] = [];
      for await (const outcome of analyzer().hash(images, { cache })) {
        cached.push(outcome.path === uri && outcome.cached === true);
      }
      expect(cached).toEqual([false, false]);
    });
  });

  test('reads an export of a server that ends after its first client', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'socket');
      await makeImage(join(directory, 'disk.qcow2'), 'qcow2', diskContent());
      await writeFile(join(directory, 'disk.raw'), diskContent());
      const [command, ...words] = BY_QEMU_NBD(directory, path).filter((word) => word !== '--persistent');
      // With --fork, the server listens once the started process has ended. A connection that tests whether the server
      // listens would be its first client, and would end the server.
      await runTestTool(command!, '--fork', ...words);
      const uri = `nbd+unix:///disk%201?socket=${path}`;
      const { distances } = await analyzer().analyze([uri, join(directory, 'disk.raw')]);
      expect([...distances.values]).toEqual([0]);
    });
  });

  test('never opens a file that has the path of a URI', async () => {
    await withDirectory(async (directory) => {
      const home = process.cwd();
      const port = await unusedPort();
      process.chdir(directory);
      try {
        await mkdir(`nbd:/127.0.0.1:${port}`, { recursive: true });
        await writeFile(`nbd:/127.0.0.1:${port}/disk`, diskContent());
        const outcomes = [];
        for await (const outcome of analyzer().hash([`nbd://127.0.0.1:${port}/disk`])) {
          outcomes.push(outcome);
        }
        expect(outcomes).toEqual([
          expect.objectContaining({
            error: expect.objectContaining({
              code: 'unreadable',
              message: expect.stringContaining('cannot be reached (connect ECONNREFUSED'),
            }),
          }),
        ]);
      } finally {
        process.chdir(home);
      }
    });
  });
});

describe('a server', () => {
  test('that lacks the export results in an error with the message of the server', async () => {
    await withServer(BY_QEMU_NBD, async (uri) => {
      await expect(withImage(uri.replace('disk%201', 'other'), async () => {})).rejects.toMatchObject({
        code: 'unreadable',
        message: expect.stringMatching(/refuses the export 'other' \(.*\); name an export that it has$/),
      });
    });
  });

  test('that is killed between two reads results in the code unreadable', async () => {
    await withServer(BY_QEMU_NBD, (uri, { child, exited }) =>
      withImage(uri, async (image) => {
        await image.read(new Uint8Array(512), 0);
        child.kill('SIGKILL');
        await exited;
        await expect(image.read(new Uint8Array(512), 0)).rejects.toMatchObject({
          code: 'unreadable',
          message: expect.stringContaining('the NBD server is gone'),
        });
      }),
    );
  });

  test('that does not answer a read does not delay an interruption', async () => {
    const interrupt = new AbortController();
    await withServer(STALLED, (uri) =>
      withImage(
        uri,
        async (image) => {
          const read = image.read(new Uint8Array(512), 0);
          interrupt.abort();
          await expect(read).rejects.toMatchObject({ code: 'aborted' });
        },
        interrupt.signal,
      ),
    );
  });

  test('that sends no greeting does not delay an interruption', async () => {
    const server = createServer(() => interrupt.abort());
    const interrupt = new AbortController();
    const port = await unusedPort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    try {
      const opening = withImage(`nbd://127.0.0.1:${port}`, async () => {}, interrupt.signal);
      await expect(opening).rejects.toMatchObject({ code: 'aborted' });
    } finally {
      server.close();
    }
  });
});

describe('TLS', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'virt-similarity-test-'));
    await writeFile(join(directory, 'disk.raw'), diskContent());
    await makeCertificates(directory, 'known');
    await makeCertificates(directory, 'other');
  });
  afterAll(() => rm(directory, { recursive: true }));

  const serve = {
    nbdkit: (port: number) => [
      'nbdkit',
      ...['--foreground', `--port=${port}`, '--ipaddr=127.0.0.1', '--tls=require', '--tls-verify-peer'],
      ...[`--tls-certificates=${join(directory, 'known')}`, 'file', join(directory, 'disk.raw')],
    ],
    'qemu-nbd': (port: number) => [
      'qemu-nbd',
      ...['--read-only', '--persistent', '--format=raw', '--bind=127.0.0.1', `--port=${port}`, '--export-name='],
      '--object',
      `tls-creds-x509,id=tls,endpoint=server,verify-peer=on,dir=${join(directory, 'known')}`,
      ...['--tls-creds=tls', join(directory, 'disk.raw')],
    ],
  };

  async function withTlsServer(program: keyof typeof serve, use: (port: number) => Promise<void>): Promise<void> {
    const port = await unusedPort();
    const words = serve[program](port) as [string, ...string[]];
    await withNbdServer(words, { host: '127.0.0.1', port }, () => use(port));
  }

  test.each(['nbdkit', 'qemu-nbd'] as const)('with %s works with certificates of both sides', async (program) => {
    await withTlsServer(program, async (port) => {
      for (const host of ['localhost', '127.0.0.1']) {
        const uri = `nbds://${host}:${port}/?tls-certificates=${join(directory, 'known')}`;
        await withImage(uri, async (image) => {
          expect(Buffer.compare(await contentByExtents(image), diskContent())).toBe(0);
        });
      }
    });
  });

  test.each([
    [
      'a server whose authority Node.js does not trust',
      () => '',
      /TLS with the NBD server failed \(.*certificate.*tls-cert/,
    ],
    ['a server of another authority', () => `?tls-certificates=${join(directory, 'other')}`, /certificate/],
  ])('refuses %s', async (_, parameters, message) => {
    await withTlsServer('nbdkit', async (port) => {
      const opening = withImage(`nbds://localhost:${port}/${parameters()}`, async () => {});
      await expect(opening).rejects.toMatchObject({ code: 'unreadable', message: expect.stringMatching(message) });
    });
  });

  test('refuses a server whose certificate has another name', async () => {
    await withTlsServer('nbdkit', async (port) => {
      // 127.1 is another name of this machine. The authority of the certificate is trusted.
      const certificates = join(directory, 'known');
      const opening = withImage(`nbds://127.1:${port}/?tls-certificates=${certificates}`, async () => {});
      await expect(opening).rejects.toMatchObject({ code: 'unreadable', message: expect.stringContaining('127.1') });
    });
  });

  test('refuses a server without TLS', async () => {
    const port = await unusedPort();
    const words = ['nbdkit', '--foreground', `--port=${port}`, '--ipaddr=127.0.0.1', 'memory', '1M'] as const;
    await withNbdServer(words, { host: '127.0.0.1', port }, async () => {
      await expect(withImage(`nbds://localhost:${port}`, async () => {})).rejects.toMatchObject({
        code: 'unreadable',
        message: expect.stringContaining('does not support TLS'),
      });
    });
  });

  test('is named as the remedy if the server requires it', async () => {
    await withTlsServer('qemu-nbd', async (port) => {
      await expect(withImage(`nbd://localhost:${port}`, async () => {})).rejects.toMatchObject({
        code: 'unreadable',
        message: expect.stringContaining('use nbds://'),
      });
    });
  });

  test('fails if the directory of certificates does not exist', async () => {
    const uri = `nbds://localhost:1/?tls-certificates=${join(directory, 'none')}`;
    await expect(withImage(uri, async () => {})).rejects.toMatchObject({
      code: 'unreadable',
      message: expect.stringContaining('ca-cert.pem'),
    });
  });
});

/**
 * Makes certificates of an authority, of a server for localhost, and of a client, in files with the names that nbdkit
 * and qemu expect.
 */
async function makeCertificates(parent: string, name: string): Promise<void> {
  const directory = join(parent, name);
  const file = (each: string) => join(directory, each);
  await mkdir(directory);
  const key = (each: string) => ['-newkey', 'rsa:2048', '-nodes', '-keyout', file(`${each}-key.pem`)];
  const authority = ['-subj', `/CN=${name} authority`, '-days', '3650', '-out', file('ca-cert.pem')];
  await runTestTool('openssl', 'req', '-x509', ...key('ca'), ...authority);
  for (const side of ['server', 'client']) {
    await runTestTool('openssl', 'req', ...key(side), '-subj', `/CN=${side}`, '-out', file('request'));
    await writeFile(file('names'), 'subjectAltName = DNS:localhost, IP:127.0.0.1\n');
    const signer = ['-CA', file('ca-cert.pem'), '-CAkey', file('ca-key.pem'), '-CAcreateserial', '-days', '3650'];
    const request = ['-req', '-in', file('request'), '-extfile', file('names'), '-out', file(`${side}-cert.pem`)];
    await runTestTool('openssl', 'x509', ...request, ...signer);
  }
  expect(await readFile(file('server-cert.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
}
