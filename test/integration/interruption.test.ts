import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type AnalyzeOptions,
  type Analyzer,
  createAnalyzer,
  type DiskReader,
  type DiskSource,
  type HashOutcome,
  type ImageIdentity,
  partsOf,
  type ReaderSession,
} from '@virt-similarity/core';
import { MemoryDiskImage } from '@virt-similarity/testing';
import checksums from '../fixtures/checksum-plugin.js';

const GOOD = ['disk:a', 'disk:b', 'disk:c', 'disk:d'];

/** A reader whose members the tests replace. It counts its open images. */
class Disks implements DiskReader {
  readonly name = 'disks';
  open: (source: DiskSource) => Promise<MemoryDiskImage> = async ({ path }) => this.image(path);
  startSession?: () => ReaderSession;
  openImages = 0;

  image(path: string, bytes = new Uint8Array(65_536).fill(path.charCodeAt(5))): MemoryDiskImage {
    const image = new MemoryDiskImage(bytes, undefined, this.identityOf(path));
    this.openImages++;
    image.close = async () => {
      this.openImages--;
    };
    return image;
  }

  identityOf(path: string): ImageIdentity {
    const inode = BigInt(path.charCodeAt(5));
    const part = { kind: 'file', path, device: 1n, inode, size: 1n, mtimeNs: 0n, ctimeNs: 0n } as const;
    return { chain: [{ format: 'disks', parts: [part] }] };
  }

  async identify({ path }: DiskSource): Promise<ImageIdentity> {
    return this.identityOf(path);
  }
}

let disks: Disks;
let analyzer: Analyzer;
let directory: string;
let options: AnalyzeOptions;

beforeEach(async () => {
  disks = new Disks();
  analyzer = createAnalyzer({ plugins: [checksums, { name: 'disks', readers: { disks } }] });
  directory = await mkdtemp(join(tmpdir(), 'interruption-'));
  options = { hasher: 'checksum', blockSize: 512, jobs: 2, cache: join(directory, 'cache') };
});

afterEach(async () => {
  expect(disks.openImages).toBe(0);
  expect(workerThreads()).toBe(0);
  expect(await openModules()).toEqual([]);
  const left = await readdir(directory, { recursive: true });
  expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  await rm(directory, { recursive: true });
});

describe('an interruption', () => {
  test.each(['image-started', 'image-advanced', 'image-finished', 'comparing', 'clustering'])(
    'at %s ends the run and leaves no thread, open image or temporary file',
    async (kind) => {
      const stop = new AbortController();
      const analysis = analyzer.analyze(GOOD, {
        ...options,
        signal: stop.signal,
        onProgress: (event) => event.kind === kind && stop.abort(),
      });
      await expect(analysis).rejects.toMatchObject({ code: 'aborted' });
    },
  );

  test('does not wait for an image that never answers', async () => {
    disks.open = async ({ path }) => {
      const image = disks.image(path);
      image.read = () => new Promise(() => {});
      return image;
    };
    const signal = AbortSignal.timeout(100);
    await expect(analyzer.analyze(GOOD, { ...options, signal })).rejects.toMatchObject({ code: 'aborted' });
  });

  test('does not wait for a hasher that never ends', async () => {
    const analysis = analyzer.analyze(GOOD, { ...options, hasher: 'endless', signal: AbortSignal.timeout(500) });
    await expect(analysis).rejects.toMatchObject({ code: 'aborted' });
  });

  test.each([40, 80, 120, 160])('%d ms after the start leaves no file open, even while threads load', async (ms) => {
    const signal = AbortSignal.timeout(ms);
    await analyzer.analyze(GOOD, { ...options, signal }).catch(() => {});
  });

  test('before the start makes the run fail', async () => {
    const analysis = analyzer.analyze(GOOD, { ...options, signal: AbortSignal.abort() });
    await expect(analysis).rejects.toMatchObject({ code: 'aborted' });
  });

  test('after the end does not affect the vectors', async () => {
    const stop = new AbortController();
    const outcomes = await all(analyzer.hash(GOOD, { ...options, signal: stop.signal }));
    stop.abort();
    expect(await rowsOf(outcomes)).toBe(4 * 128);
  });

  test('reaches the reader as an abort signal, even if the consumer only stops iterating', async () => {
    let aborted = 0;
    const open = disks.open;
    disks.open = async (...call) => {
      const [, , { signal }] = call as unknown as [DiskSource, ImageIdentity, { signal: AbortSignal }];
      signal.addEventListener('abort', () => aborted++);
      return open(...call);
    };
    for await (const _ of analyzer.hash(GOOD, options)) {
      break;
    }
    expect(aborted).toBe(4);
  });
});

describe('a callback that throws', () => {
  test.each(['image-started', 'image-advanced', 'image-finished', 'image-failed', 'comparing', 'clustering'])(
    'at %s ends the run with its error',
    async (kind) => {
      const onProgress = (event: { kind: string }): void => {
        if (event.kind === kind) {
          throw new RangeError('the bar is too long');
        }
      };
      if (kind === 'image-failed') {
        disks.open = () => Promise.reject(new Error('no'));
      }
      await expect(analyzer.analyze(GOOD, { ...options, onProgress })).rejects.toThrow(RangeError);
    },
  );
});

describe('a reader', () => {
  test.each([
    ['undefined', undefined, 'undefined'],
    ['a string', 'no such planet', 'no such planet'],
    ['an object that cannot be converted to a string', Object.create(null), '[Object: null prototype] {}'],
    ['a symbol', Symbol('no'), 'Symbol(no)'],
  ])('that throws %s fails its images, but not the run', async (_, thrown, message) => {
    disks.open = () => Promise.reject(thrown);
    const outcomes = await all(analyzer.hash(GOOD.slice(0, 2), options));
    expect(outcomes).toMatchObject([
      { error: { code: 'plugin', message: expect.stringContaining(message) } },
      { error: { code: 'plugin', message: expect.stringContaining(message) } },
    ]);
  });

  test('whose session does not start fails its images, but not the run', async () => {
    disks.startSession = () => {
      throw new Error('no appliance');
    };
    const outcomes = await all(analyzer.hash(GOOD, options));
    expect(outcomes.map((outcome) => outcome.error?.message)).toEqual(
      outcomes.map(({ path }) => `${path}: no appliance`),
    );
  });

  test('whose session and images cannot be closed causes warnings, but vectors are complete', async () => {
    const close = (): Promise<void> => Promise.reject(new Error('stuck'));
    disks.startSession = () => ({ open: disks.open, close });
    disks.open = async ({ path }) => {
      const image = disks.image(path);
      disks.openImages--;
      image.close = close;
      return image;
    };
    const notes: string[] = [];
    const outcomes = await all(analyzer.hash(['disk:a'], { ...options, onNote: (_, note) => notes.push(note) }));
    expect(await rowsOf(outcomes)).toBe(128);
    expect(notes).toEqual(['cannot close disk:a: stuck', '[disks] cannot end its session: stuck']);
  });

  test('can open a different file than it identified; the identity of the opened file is then used', async () => {
    const identityOf = disks.identityOf.bind(disks);
    let inode = 1n;
    disks.identityOf = (path) => {
      const [part] = partsOf(identityOf(path));
      return { chain: [{ format: 'disks', parts: [{ ...part!, inode }] }] };
    };
    const open = disks.open;
    disks.open = (source) => {
      inode = 2n;
      return open(source);
    };
    const [outcome] = await all(analyzer.hash(['disk:a'], options));
    expect(outcome).toMatchObject({ vector: { identity: { chain: [{ parts: [{ inode: 2n }] }] } } });
    disks.open = () => Promise.reject(new Error('should be cached'));
    expect(await all(analyzer.hash(['disk:a'], options))).toMatchObject([{ cached: true }]);
  });

  test('fails an image as changed if the opened image has an identity that `identify` does not return', async () => {
    disks.open = async ({ path }) => {
      const image = disks.image(path);
      return Object.assign(image, { identity: disks.identityOf('disk:z') });
    };
    expect(await all(analyzer.hash(['disk:a'], options))).toMatchObject([{ error: { code: 'changed' } }]);
  });

  test('can return one identity for two paths, which are both analysed', async () => {
    const identity = disks.identityOf('disk:a');
    disks.identityOf = () => identity;
    const analysis = await analyzer.analyze(['disk:a', 'disk:b'], options);
    expect(analysis.images.map(({ path }) => path)).toEqual(['disk:a', 'disk:b']);
  });
});

async function all(outcomes: AsyncIterable<HashOutcome>): Promise<HashOutcome[]> {
  const list: HashOutcome[] = [];
  for await (const outcome of outcomes) {
    list.push(outcome);
  }
  return list;
}

async function rowsOf(outcomes: readonly HashOutcome[]): Promise<number> {
  let rows = 0;
  for (const outcome of outcomes) {
    if (outcome.error !== undefined) {
      throw outcome.error;
    }
    for await (const { blocks } of outcome.vector.rows()) {
      rows += blocks.length;
    }
  }
  return rows;
}

/** Returns the number of worker threads of this process. */
function workerThreads(): number {
  const { workers } = process.report.getReport() as unknown as { workers: unknown[] };
  return workers.length;
}

/** Returns the paths of open JavaScript files of this process. */
async function openModules(): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd');
  const paths = await Promise.all(descriptors.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
  return paths.filter((path) => path.endsWith('.js'));
}
