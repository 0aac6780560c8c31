import { describe, expect, test } from '@jest/globals';
import {
  AutoReader,
  createAnalyzer,
  type DiskReader,
  type HashOutcome,
  type IdentifyOutcome,
  type OtherParts,
  type PartContext,
  type Plugin,
  partsToken,
  REPLACED,
} from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import { MemoryDisksPlugin } from '@virt-similarity/testing';
import { inject, injectable } from 'tsyringe';

const DISKS = { 'memory:a': new Uint8Array(1024).fill(1), 'memory:b': new Uint8Array(1024).fill(2) };
const PATHS = Object.keys(DISKS);

/** A reader of some of the disks, which records its calls. */
class ReaderOf implements DiskReader {
  readonly calls: string[] = [];
  readonly #reader = new MemoryDisksPlugin(DISKS).readers.memory;
  readonly #paths: readonly string[];

  constructor(...paths: string[]) {
    this.#paths = paths;
  }

  async identify(...[source, options]: Parameters<DiskReader['identify']>) {
    this.calls.push(`identify ${source.path}${options.isChosen ? ' as chosen' : ''}`);
    return this.#paths.includes(source.path) ? this.#reader.identify(source, options) : undefined;
  }

  open(...[source, identity, options]: Parameters<DiskReader['open']>) {
    this.calls.push(`open ${source.path}`);
    return this.#reader.open(source, identity, options);
  }
}

function analyzerOf(readers: NonNullable<Plugin['readers']>) {
  return createAnalyzer({ plugins: [hashers, { name: 'mine', readers }] });
}

/** Returns by path the reader that accepted an image, or the error message. */
async function readersOf(readers: NonNullable<Plugin['readers']>): Promise<Record<string, string | undefined>> {
  const outcomes: IdentifyOutcome[] = [];
  for await (const outcome of analyzerOf(readers).identify(PATHS)) {
    outcomes.push(outcome);
  }
  return Object.fromEntries(
    outcomes.map((each) => [each.path, each.error !== undefined ? each.error.message : each.reader]),
  );
}

async function hashed(readers: NonNullable<Plugin['readers']>): Promise<HashOutcome[]> {
  const outcomes: HashOutcome[] = [];
  for await (const each of analyzerOf(readers).hash(PATHS, { blockSize: 512, jobs: 1 })) {
    outcomes.push(each);
  }
  return outcomes;
}

describe('the reader auto', () => {
  test('assigns each image to the first reader that recognises it, and asks fallback readers last', async () => {
    const readers = {
      everything: Object.assign(new ReaderOf(...PATHS), { fallback: true } as const),
      first: new ReaderOf('memory:a'),
      second: new ReaderOf('memory:a'),
    };
    expect(await readersOf(readers)).toEqual({ 'memory:a': 'first', 'memory:b': 'everything' });
    expect(readers.everything.calls).toEqual(['identify memory:b']);
    expect(readers.second.calls).toEqual(['identify memory:b']);
  });

  test('reports which readers were tried if none recognises an image', async () => {
    const [message] = Object.values(await readersOf({ one: new ReaderOf(), other: new ReaderOf() }));
    expect(message).toMatch(/^no reader can read memory:a: tried one, other; /);
  });

  test('asks only readers of the stated format, and reports if none recognises the image', async () => {
    const mine = Object.assign(new ReaderOf('memory:a'), { formats: ['mine'] });
    const other = Object.assign(new ReaderOf(...PATHS), { formats: ['other'], fallback: true as const });
    const outcomes: Record<string, unknown> = {};
    const sources = PATHS.map((path) => ({ path, format: 'mine' }));
    for await (const outcome of analyzerOf({ mine, other }).identify(sources)) {
      outcomes[outcome.path] = outcome.error !== undefined ? outcome.error : outcome.reader;
    }
    expect(outcomes['memory:a']).toBe('mine');
    expect(outcomes['memory:b']).toMatchObject({
      code: 'corrupt',
      message: 'cannot open memory:b: no reader recognises it as mine, tried mine; check its format',
    });
    expect(other.calls).toEqual([]);
  });

  test('asks only readers that know archives about an image in an archive', async () => {
    const source = { path: 'memory:a', archive: 'memory' };
    const plain = new ReaderOf(...PATHS);
    const knowing = Object.assign(new ReaderOf(...PATHS), { imagesIn: async () => undefined });
    const found = { sources: [source], directories: [], failures: new Map() };
    const readerFor = async (reader: string) => {
      for await (const outcome of analyzerOf({ plain, knowing }).identify(found, { reader })) {
        return outcome.error?.code ?? outcome.reader;
      }
      return undefined;
    };
    expect(await readerFor('auto')).toBe('knowing');
    expect(await readerFor('knowing')).toBe('knowing');
    expect(await readerFor('plain')).toBe('usage');
    expect(plain.calls).toEqual([]);
  });

  test('opens each image with the reader that recognised it, in a session if the reader has sessions', async () => {
    const sessions: string[] = [];
    const b = new ReaderOf('memory:b');
    const startSession: NonNullable<DiskReader['startSession']> = (images) => {
      sessions.push(`starts for ${images.map(({ source }) => source.path)}`);
      return {
        open: (source, identity, options) => b.open(source, identity, options),
        close: async () => void sessions.push('ends'),
      };
    };
    const a = new ReaderOf('memory:a');
    const outcomes = await hashed({ a, b: Object.assign(b, { startSession }) });
    expect(outcomes.map((outcome) => outcome.vector !== undefined)).toEqual([true, true]);
    expect(a.calls.filter((call) => call.startsWith('open'))).toEqual(['open memory:a']);
    expect(b.calls.filter((call) => call.startsWith('open'))).toEqual(['open memory:b']);
    expect(sessions).toEqual(['starts for memory:b', 'ends']);
  });

  test('closes the sessions of all readers despite failures, and rethrows errors of callbacks', async () => {
    const closed: string[] = [];
    const withSession = (path: string) => {
      const reader = new ReaderOf(path);
      const startSession: NonNullable<DiskReader['startSession']> = () => ({
        open: (source, identity, options) => reader.open(source, identity, options),
        close: () => {
          closed.push(path);
          return Promise.reject(new Error('stuck'));
        },
      });
      return Object.assign(reader, { startSession });
    };
    const readers = () => ({ a: withSession('memory:a'), b: withSession('memory:b') });
    const notes: string[] = [];
    const options = { blockSize: 512, jobs: 1, onNote: (_: string, note: string) => void notes.push(note) };
    for await (const _ of analyzerOf(readers()).hash(PATHS, options)) {
    }
    expect(notes.toSorted()).toEqual(['[a] cannot end its session: stuck', '[b] cannot end its session: stuck']);
    const enough = new Error('enough');
    const throwing = {
      ...options,
      onNote: () => {
        throw enough;
      },
    };
    const hashing = async () => {
      for await (const _ of analyzerOf(readers()).hash(PATHS, throwing)) {
      }
    };
    await expect(hashing()).rejects.toBe(enough);
    expect(closed.toSorted()).toEqual([...PATHS, ...PATHS].toSorted());
  });

  test('determines the reader of an identity that it did not return itself', async () => {
    const own = new ReaderOf('memory:a');
    const auto = new AutoReader({ names: ['own'], get: () => own });
    const source = { path: 'memory:a' };
    const options = { allowedDirectories: [] };
    const identity = structuredClone(await auto.identify(source, options));
    const image = await auto.open(source, identity, options);
    expect(image).toMatchObject({ virtualSize: 1024 });
    expect(auto.readerOf(identity)).toBeUndefined();
    expect(auto.readerOf(image.identity)).toBe('own');
    const session = auto.startSession([{ source, identity }], options);
    expect(await session.open(source, structuredClone(identity), options)).toMatchObject({ virtualSize: 1024 });
    await session.close();
  });

  test('waits for a reader of an isolated plugin only up to the time limit', async () => {
    const mute = {
      identify: () => new Promise<undefined>(() => {}),
      open: () => Promise.reject(new Error('is not called')),
    };
    const isolated = { name: 'mute', url: import.meta.url, readers: { mute } };
    const analyzer = createAnalyzer({ plugins: [hashers], isolated: [isolated], pluginTimeout: 0.1 });
    const outcomes: IdentifyOutcome[] = [];
    for await (const outcome of analyzer.identify(PATHS)) {
      outcomes.push(outcome);
    }
    expect(outcomes.map((each) => (each.error !== undefined ? each.error.message : ''))).toEqual(
      Array(2).fill(expect.stringMatching(/^\[mute\] the reader gave no answer within 0\.1 s; /)),
    );
  });

  test('detects a reader that calls it back', async () => {
    const asking = {
      create: ({ parts }: PartContext<DiskReader>): DiskReader => {
        const others = parts('reader');
        return {
          identify: (source, options) => others.get('auto').identify(source, { ...options }),
          open: () => Promise.reject(new Error('is not called')),
        };
      },
    };
    expect(await readersOf({ asking })).toEqual(
      Object.fromEntries(
        PATHS.map((path) => [
          path,
          '[auto] a reader that auto called calls auto again; add the method readerOf to that reader',
        ]),
      ),
    );
  });

  test('can be wrapped, and other readers can delegate to it', async () => {
    const seen: string[] = [];
    @injectable()
    class Wrapper implements DiskReader {
      constructor(@inject(REPLACED) readonly auto: DiskReader) {}
      identify(...given: Parameters<DiskReader['identify']>) {
        seen.push(given[0].path);
        return this.auto.identify(...given);
      }
      open(...given: Parameters<DiskReader['open']>) {
        return this.auto.open(...given);
      }
    }
    @injectable()
    class Delegating extends Wrapper {
      constructor(@inject(partsToken('reader')) others: OtherParts<DiskReader>) {
        super(others.get('auto'));
      }
      readerOf(...[identity]: Parameters<NonNullable<DiskReader['readerOf']>>) {
        return this.auto.readerOf?.(identity);
      }
    }
    const own = new ReaderOf(...PATHS);
    await readersOf({ auto: Wrapper, delegating: Delegating, own });
    expect(seen.toSorted()).toEqual(PATHS);
    expect(own.calls).toHaveLength(PATHS.length);
  });
});
