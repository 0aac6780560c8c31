import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:net';
import { systemPath } from '@virt-similarity/core';
import { regularFiles } from './regular-files.js';

const BLOCK = 65_536;

/** A secret of the host, in all the forms in which it could leak. */
export interface Canary {
  /** The content of the secret file: two blocks of one repeated token. */
  readonly content: Buffer;
  /** The token; and the SHA-256 and MD5 of a block of it, as bytes and in hexadecimal. */
  readonly traces: readonly Buffer[];
}

/** Creates a secret that no other file contains. */
export function createCanary(): Canary {
  const token = `canary-${randomBytes(12).toString('hex')}-`;
  const content = Buffer.alloc(2 * BLOCK, token);
  const digests = ['sha256', 'md5'].map((algorithm) =>
    createHash(algorithm).update(content.subarray(0, BLOCK)).digest(),
  );
  const hexadecimal = digests.map((digest) => Buffer.from(digest.toString('hex')));
  return { content, traces: [Buffer.from(token), ...digests, ...hexadecimal] };
}

/**
 * Searches outputs and files for traces of canaries. Returns the names of the outputs and the paths with traces.
 *
 * @param printed the outputs by name
 * @param directories every regular file below them is read
 */
export async function findTraces(
  traces: readonly Buffer[],
  printed: Readonly<Record<string, string>>,
  directories: readonly string[],
): Promise<string[]> {
  const isTraced = (bytes: Buffer) => traces.some((trace) => bytes.includes(trace));
  const found = Object.keys(printed).filter((where) => isTraced(Buffer.from(printed[where]!)));
  for (const path of (await Promise.all(directories.map(regularFiles))).flat()) {
    if (isTraced(await contentOf(path))) {
      found.push(path);
    }
  }
  return found;
}

async function contentOf(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(systemPath(path))) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** A server on the loopback interface that counts connections. No program has a reason to connect to it. */
export interface CanaryServer {
  readonly port: number;
  /** Returns the number of connections so far. */
  connections(): number;
  close(): Promise<void>;
}

export async function startCanaryServer(): Promise<CanaryServer> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => {});
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => connections,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
