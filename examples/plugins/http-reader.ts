import type {
  DiskImage,
  DiskReader,
  DiskSource,
  Extent,
  ImageIdentity,
  Plugin,
  ReadOptions,
} from '@virt-similarity/core';
import { throwIfAborted, VirtSimilarityError } from '@virt-similarity/core/errors';

/**
 * Reads raw disks on web servers, such as `https://server/disk.raw`, with range requests. Fails if the strong entity
 * tag of a disk changes while the disk is being read.
 */
export class HttpReader implements DiskReader {
  readonly formats = ['raw'];

  async identify({ path }: DiskSource, { signal }: ReadOptions): Promise<ImageIdentity | undefined> {
    if (!/^https?:/.test(path)) {
      return undefined;
    }
    const { headers } = await request(path, { method: 'HEAD', signal });
    // Without a strong entity tag, a change of the content cannot be detected. The hash vector is then not stored.
    const version = strongTagOf(headers);
    const parts = [{ kind: 'object', path, version: version ?? '' }] as const;
    return { chain: [{ format: 'raw', parts, ...(version === null && { volatile: true }) }] };
  }

  async open({ path }: DiskSource, identity: ImageIdentity, { signal }: ReadOptions): Promise<DiskImage> {
    const { headers } = await request(path, { method: 'HEAD', signal });
    const length = headers.get('content-length');
    if (length === null) {
      throw unreadable(path, 'the server does not state its length');
    }
    return new HttpImage(path, identity, { size: Number(length), tag: strongTagOf(headers), signal });
  }
}

interface Found {
  readonly size: number;
  readonly tag: string | null;
  readonly signal: AbortSignal | undefined;
}

class HttpImage implements DiskImage {
  readonly virtualSize: number;
  readonly identity: ImageIdentity;
  readonly #path: string;
  readonly #tag: string | null;
  readonly #signal: AbortSignal;
  readonly #closed = new AbortController();

  constructor(path: string, identity: ImageIdentity, { size, tag, signal }: Found) {
    this.virtualSize = size;
    this.identity = identity;
    this.#path = path;
    this.#tag = tag;
    this.#signal = AbortSignal.any([this.#closed.signal, ...(signal ? [signal] : [])]);
  }

  async *extents(): AsyncGenerator<Extent> {
    throwIfAborted(this.#signal);
    if (this.virtualSize > 0) {
      yield { kind: 'data', start: 0, length: this.virtualSize };
    }
  }

  async read(target: Uint8Array, position: number): Promise<void> {
    const end = position + target.length;
    if (position < 0 || end > this.virtualSize) {
      throw unreadable(this.#path, `expected bytes below ${this.virtualSize}, found ${position} to ${end}`);
    }
    if (target.length === 0) {
      return;
    }
    const headers = { range: `bytes=${position}-${end - 1}`, ...(this.#tag && { 'if-match': this.#tag }) };
    const response = await request(this.#path, { headers, signal: this.#signal });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.status !== 206 || bytes.length !== target.length) {
      throw unreadable(this.#path, `expected ${target.length} bytes of a range, found ${bytes.length}`);
    }
    target.set(bytes);
  }

  async close(): Promise<void> {
    this.#closed.abort();
  }
}

interface Request {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly signal: AbortSignal | undefined;
}

async function request(path: string, { signal, ...options }: Request): Promise<Response> {
  throwIfAborted(signal);
  const response = await fetch(path, { ...options, ...(signal && { signal }) }).catch((cause: unknown) => {
    throwIfAborted(signal);
    throw unreadable(path, 'the server does not answer', cause);
  });
  if (response.status === 412) {
    throw new VirtSimilarityError('changed', `${path} changed while it was being read; run again`, { image: path });
  }
  if (!response.ok) {
    throw unreadable(path, `the server answers ${response.status} ${response.statusText}`);
  }
  return response;
}

function strongTagOf(headers: Headers): string | null {
  const tag = headers.get('etag');
  return tag === null || tag.startsWith('W/') ? null : tag;
}

function unreadable(path: string, problem: string, cause?: unknown): VirtSimilarityError {
  return new VirtSimilarityError('unreadable', `cannot read ${path}: ${problem}`, { image: path, cause });
}

export default {
  name: 'http-reader',
  url: import.meta.url,
  version: '0.1.0',
  core: '^0.1.0',
  readers: { http: HttpReader },
} satisfies Plugin;
