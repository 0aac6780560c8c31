/** A reader of raw disks on web servers: `https://server/disk.raw`. It reads ranges, and only while the file stays the same. */
import { throwIfAborted, VirtSimilarityError } from '@virt-similarity/core/errors';

/** @import { DiskImage, DiskReader, DiskSource, Extent, ImageIdentity, Plugin, ReadOptions } from '@virt-similarity/core' */

/** @implements {DiskReader} */
export class HttpReader {
  formats = ['raw'];

  /** @param {DiskSource} source @param {ReadOptions} options @returns {Promise<ImageIdentity | undefined>} */
  async identify({ path }, { signal }) {
    if (!/^https?:/.test(path)) {
      return undefined;
    }
    const { headers } = await request(path, { method: 'HEAD', signal });
    // Without a strong entity tag, nothing shows that the content has changed: its hash vector is not stored.
    const version = strongTagOf(headers);
    const parts = [{ kind: /** @type {const} */ ('object'), path, version: version ?? '' }];
    return { chain: [{ format: 'raw', parts, ...(version === null && { volatile: true }) }] };
  }

  /** @param {DiskSource} source @param {ImageIdentity} identity @param {ReadOptions} options @returns {Promise<DiskImage>} */
  async open({ path }, identity, { signal }) {
    const { headers } = await request(path, { method: 'HEAD', signal });
    const length = headers.get('content-length');
    if (length === null) {
      throw unreadable(path, 'the server does not say how long it is');
    }
    return new HttpImage(path, identity, { size: Number(length), tag: strongTagOf(headers), signal });
  }
}

/** @implements {DiskImage} */
class HttpImage {
  #path;
  #tag;
  #signal;
  #closed = new AbortController();

  /** @param {string} path @param {ImageIdentity} identity @param {{ size: number, tag: string | null, signal?: AbortSignal | undefined }} found */
  constructor(path, identity, { size, tag, signal }) {
    this.virtualSize = size;
    this.identity = identity;
    this.#path = path;
    this.#tag = tag;
    this.#signal = AbortSignal.any([this.#closed.signal, ...(signal ? [signal] : [])]);
  }

  /** @returns {AsyncGenerator<Extent>} */
  async *extents() {
    throwIfAborted(this.#signal);
    if (this.virtualSize > 0) {
      yield { kind: 'data', start: 0, length: this.virtualSize };
    }
  }

  /** @param {Uint8Array} target @param {number} position */
  async read(target, position) {
    const end = position + target.length;
    if (position < 0 || end > this.virtualSize) {
      throw unreadable(this.#path, `expected bytes below ${this.virtualSize}, found ${position} to ${end}`);
    }
    if (target.length === 0) {
      return;
    }
    const range = { range: `bytes=${position}-${end - 1}`, ...(this.#tag && { 'if-match': this.#tag }) };
    const response = await request(this.#path, { headers: range, signal: this.#signal });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.status !== 206 || bytes.length !== target.length) {
      throw unreadable(this.#path, `expected ${target.length} bytes of a range, found ${bytes.length}`);
    }
    target.set(bytes);
  }

  async close() {
    this.#closed.abort();
  }
}

/** @param {string} path @param {{ method?: string, headers?: Record<string, string>, signal?: AbortSignal | undefined }} options */
async function request(path, { signal, ...options }) {
  throwIfAborted(signal);
  const response = await fetch(path, { ...options, ...(signal && { signal }) }).catch((cause) => {
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

/** @param {Headers} headers */
function strongTagOf(headers) {
  const tag = headers.get('etag');
  return tag === null || tag.startsWith('W/') ? null : tag;
}

/** @param {string} path @param {string} problem @param {unknown} [cause] */
function unreadable(path, problem, cause) {
  return new VirtSimilarityError('unreadable', `cannot read ${path}: ${problem}`, { image: path, cause });
}

/** @type {Plugin} */
export default {
  name: 'http-reader',
  url: import.meta.url,
  version: '1',
  core: '^0.1.0',
  readers: { http: HttpReader },
};
