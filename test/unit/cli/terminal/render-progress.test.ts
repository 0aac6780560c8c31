import { describe, expect, test } from '@jest/globals';
import { VirtSimilarityError } from '@virt-similarity/core';
import { loadWidthOf } from '@virt-similarity/reporters';
import fc from 'fast-check';
import { advanceProgress, initialProgress, type ProgressState } from '#cli/terminal/progress-state.js';
import { renderProgress } from '#cli/terminal/render-progress.js';

const widthOf = await loadWidthOf();

const MIB = 1024 * 1024;
const state = (part: Partial<ProgressState>): ProgressState => ({ ...initialProgress(4), ...part });

describe('the progress bar', () => {
  test('shows bytes, rate and remaining time', () => {
    const reading = state({ started: 2, finished: 1, bytes: 200 * MIB, bytesDone: 100 * MIB, startedAt: 1000 });
    expect(renderProgress(reading, { width: 100, widthOf }, 3000)).toEqual([
      'hashing 1/4 [##########------------------------------] 100.0 MiB of 400.0 MiB, 50.0 MiB/s, 6 s left',
    ]);
  });

  test('does not count cached images as data to read', () => {
    const reading = state({ started: 1, finished: 3, cached: 3, bytes: 10 * MIB, bytesDone: 5 * MIB, startedAt: 0 });
    expect(renderProgress(reading, { width: 60, widthOf }, 1000)).toEqual([
      'hashing 3/4  5.0 MiB of 10.0 MiB, 5.0 MiB/s, 1 s left',
    ]);
  });

  test('omits rate and time until they are known', () => {
    expect(renderProgress(state({}), { width: 60, widthOf }, 0)).toEqual([
      'hashing 0/4 [----------------------------------------]',
    ]);
    expect(renderProgress(state({ started: 1, bytes: MIB, startedAt: 5 }), { width: 60, widthOf }, 5)).toEqual([
      'hashing 0/4 [-------------------------------------] 4.0 MiB',
    ]);
  });

  test('shows the progress of comparing', () => {
    expect(renderProgress(state({ stage: 'comparing', compared: 0.5 }), { width: 40, widthOf }, 0)).toEqual([
      'comparing [###########-----------] 50 %',
    ]);
  });

  test('shows that it is clustering', () => {
    expect(renderProgress(state({ stage: 'clustering' }), { width: 40, widthOf }, 0)).toEqual(['clustering 4 images']);
  });

  test('has a line for each of several images that are read at the same time, and one line for the rest', () => {
    const image = (bytesDone: number) => ({ bytes: 64 * MIB, bytesDone: bytesDone * MIB });
    const several = state({
      started: 6,
      bytes: 384 * MIB,
      bytesDone: 64 * MIB,
      active: new Map([
        ['/srv/web.raw', image(0)],
        ['/srv/数据库.raw', image(32)],
        ['/srv/a\nb.raw', image(16)],
        [`/srv/${'long'.repeat(20)}.raw`, image(16)],
        ['/srv/five.raw', image(0)],
        ['/srv/six.raw', image(0)],
      ]),
    });
    expect(renderProgress(several, { width: 80, widthOf }, 0)).toEqual([
      'hashing 0/4 [#######---------------------------------] 384.0 MiB',
      '  web.raw                        [----------------------------] 0 B of 64.0 MiB',
      '  数据库.raw                     [############-----------] 32.0 MiB of 64.0 MiB',
      '  a\\x0ab.raw                     [######-----------------] 16.0 MiB of 64.0 MiB',
      '  longlonglonglon…nglonglong.raw [######-----------------] 16.0 MiB of 64.0 MiB',
      '  and 2 other images',
    ]);
    const [only] = several.active;
    expect(renderProgress({ ...several, active: new Map([only!]) }, { width: 80, widthOf }, 0)).toHaveLength(1);
  });

  test('leaves the last column empty at any width and in any state', () => {
    const counts = fc.record({
      started: fc.nat(9),
      finished: fc.nat(9),
      cached: fc.nat(9),
      bytes: fc.nat(),
      bytesDone: fc.nat(),
      startedAt: fc.option(fc.nat(9999), { nil: undefined }),
      stage: fc.constantFrom('hashing', 'comparing', 'clustering'),
      compared: fc.double({ min: 0, max: 1, noNaN: true }),
      active: fc
        .array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.record({ bytes: fc.nat(), bytesDone: fc.nat() })))
        .map((images) => new Map(images)),
    });
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 300 }), fc.nat(), (part, width, now) => {
        const lines = renderProgress(state(part as Partial<ProgressState>), { width, widthOf }, now);
        for (const line of lines) {
          expect(widthOf(line)).toBeLessThan(width);
          expect(line).not.toMatch(/NaN|Infinity|undefined|\n/);
        }
      }),
    );
  });
});

describe('progress', () => {
  test('follows the events of a run', () => {
    const error = new VirtSimilarityError('corrupt', 'b');
    const events = [
      { kind: 'image-started', path: 'a', bytes: 10 },
      { kind: 'image-advanced', path: 'a', bytes: 4 },
      { kind: 'image-failed', path: 'b', error },
      { kind: 'comparing', fraction: 0.25 },
    ] as const;
    const end = events.reduce(
      (before, event, index) => advanceProgress(before, event, 100 + index),
      initialProgress(2),
    );
    expect(end).toEqual({
      images: 2,
      started: 1,
      finished: 1,
      cached: 0,
      bytes: 10,
      bytesDone: 4,
      startedAt: 100,
      active: new Map([['a', { bytes: 10, bytesDone: 4 }]]),
      stage: 'comparing',
      compared: 0.25,
    });
  });

  test('knows the images that are being read', () => {
    const events = [
      { kind: 'image-started', path: 'a', bytes: 10 },
      { kind: 'backing-started', path: 'base', bytes: 4 },
      { kind: 'image-started', path: 'b', bytes: 10 },
      { kind: 'image-advanced', path: 'base', bytes: 4 },
      { kind: 'image-advanced', path: 'b', bytes: 2 },
      { kind: 'image-finished', path: 'a', cached: false, vector: {} as never },
    ] as const;
    const end = events.reduce((before, event) => advanceProgress(before, event, 0), initialProgress(2));
    expect(end.active).toEqual(new Map([['b', { bytes: 10, bytesDone: 2 }]]));
  });
});
