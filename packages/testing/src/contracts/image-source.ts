import assert from 'node:assert/strict';
import type { ImageSource, ListedImage, NamedImages } from '@virt-similarity/core';
import { asserting, assertSame, type ContractTest } from './contract-test.js';

/** A source and the words to test it with. */
export interface SourceCase {
  readonly source: ImageSource;
  /** Words that the source accepts: at least two, each of which names one image, and no two the same image. */
  readonly words: readonly string[];
}

/** The contract of every source of images. The function is called once per test. */
export function imageSourceContract(setUp: () => Promise<SourceCase> | SourceCase): ContractTest[] {
  return asserting({ of: 'ImageSource', file: 'image-source.d.ts' }, [
    { title: 'lists one image for each word, in the order of the words', run: async () => testOrder(await setUp()) },
    { title: 'returns a path for each image, and no label twice', run: async () => testImages(await setUp()) },
    { title: 'lists the same images each time', run: async () => testRepetition(await setUp()) },
    { title: 'keeps the format and the label that the user gives', run: async () => testStated(await setUp()) },
    { title: 'ends when its signal fires', run: async () => testSignal(await setUp()) },
  ]);
}

async function testOrder({ source, words }: SourceCase): Promise<void> {
  assert.ok(words.length >= 2, 'expected at least two words to test with');
  const paths = pathsOf(await listed(source, namedBy(words)));
  const reversed = pathsOf(await listed(source, namedBy(words.toReversed())));
  assert.equal(paths.length, words.length, 'expected one image for each word');
  assertSame(reversed, paths.toReversed(), 'expected the images in the order of the words');
}

async function testImages({ source, words }: SourceCase): Promise<void> {
  const images = await listed(source, namedBy(words));
  for (const { path, format = 'raw', label = 'x' } of images) {
    for (const [member, value] of Object.entries({ path, format, label })) {
      assert.ok(
        typeof value === 'string' && value !== '',
        `expected ${member} to be a non-empty string, found ${value}`,
      );
    }
  }
  const labels = images.flatMap(({ label }) => label ?? []);
  assert.equal(new Set(labels).size, labels.length, 'expected no label twice');
}

async function testRepetition({ source, words }: SourceCase): Promise<void> {
  const once = await listed(source, namedBy(words));
  assertSame(await listed(source, namedBy(words)), once, 'expected the same images again');
}

async function testStated({ source, words: [word = ''] }: SourceCase): Promise<void> {
  const stated = { format: 'raw', label: 'the label of the user' };
  const [image] = await listed(source, [{ word, ...stated }]);
  assertSame({ format: image?.format, label: image?.label }, stated, 'expected the format and label of the word');
}

async function testSignal({ source, words }: SourceCase): Promise<void> {
  const controller = new AbortController();
  const images = source.list(namedBy(words), { onNote: () => {}, signal: controller.signal });
  controller.abort(new Error('enough'));
  const ending = (async () => {
    for await (const _ of images) {
      // The source is allowed to list images that it has already found.
    }
  })();
  const ended = await Promise.race([
    ending.then(
      () => true,
      () => true,
    ),
    new Promise<false>((resolve) => setTimeout(resolve, PATIENCE, false).unref()),
  ]);
  assert.ok(ended, `expected the listing to end within ${PATIENCE} ms of the signal`);
}

/** The time in milliseconds within which a listing must end after its signal has fired. */
const PATIENCE = 5000;

async function listed(source: ImageSource, named: readonly NamedImages[]): Promise<ListedImage[]> {
  const images: ListedImage[] = [];
  for await (const image of source.list(named, { onNote: () => {} })) {
    images.push(image);
  }
  return images;
}

function namedBy(words: readonly string[]): readonly NamedImages[] {
  return words.map((word) => ({ word }));
}

function pathsOf(images: readonly ListedImage[]): readonly string[] {
  return images.map(({ path }) => path);
}
