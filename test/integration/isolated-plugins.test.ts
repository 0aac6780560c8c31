import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  type Analysis,
  type AnalyzeOptions,
  type Analyzer,
  createAnalyzer,
  type ProgressEvent,
  plainText,
  type Reporter,
  VirtSimilarityError,
} from '@virt-similarity/core';
import { MemoryDisksPlugin } from '@virt-similarity/testing';
import checksums from '../fixtures/checksum-plugin.js';
import misbehaving from '../fixtures/misbehaving-plugin.js';

const GOOD = ['memory:a', 'memory:b', 'memory:c'];
const OPTIONS: AnalyzeOptions = { hasher: 'checksum', blockSize: 512, jobs: 2 };

const disks = new MemoryDisksPlugin({
  'memory:a': Uint8Array.of(1, 2, 3),
  'memory:b': Uint8Array.of(1, 2, 4),
  'memory:c': new Uint8Array(2048).fill(7),
  'memory:broken': new VirtSimilarityError('corrupt', 'broken: its head is missing', { image: 'memory:broken' }),
});

/** Seconds that suffice for a thread without faults to start on a busy machine. */
const SHORT_TIMEOUT = 5;

const [analyzer, impatient, patient] = [300, SHORT_TIMEOUT, 0].map((pluginTimeout) =>
  createAnalyzer({ plugins: [disks], isolated: [checksums, misbehaving], pluginTimeout }),
) as [Analyzer, Analyzer, Analyzer];
let analysis: Analysis;

beforeAll(async () => {
  analysis = await analyzer.analyze([...GOOD, 'memory:broken'], {
    ...OPTIONS,
    metric: 'obedient-metric',
    clusterer: 'obedient-clusterer',
  });
});

async function textOf(texts: AsyncIterable<string>): Promise<string> {
  let whole = '';
  for await (const text of texts) {
    whole += text;
  }
  return whole;
}

describe('an isolated plugin', () => {
  test('measures and clusters in threads with the same results as in the main thread', async () => {
    const expected = await createAnalyzer({ plugins: [disks, checksums] }).analyze(GOOD, OPTIONS);
    expect(analysis.distances).toEqual(expected.distances);
    expect(analysis.dendrogram).toEqual(expected.dendrogram);
  });

  test('reports in a thread, and receives failures with their codes', async () => {
    const text = await textOf(analyzer.report('obedient-reporter', analysis));
    expect(text).toMatch(
      /^memory:a\nmemory:b\nmemory:c\nmemory:broken corrupt broken: its head is missing\n1 4 4 blocks \{\}\nx{200000}\n$/,
    );
    expect(await textOf(analyzer.companion('obedient-reporter', analysis))).toBe(text);
  });

  test('reports that its companion text is not written, even if its reporter has no method warnings', async () => {
    const notWritten = ['its companion text is not written; write it with `companion`'];
    expect((await analyzer.warnings('obedient-reporter', analysis)).map((line) => plainText(line))).toEqual(notWritten);
    const written = { isCompanionWritten: true };
    expect(await analyzer.warnings('obedient-reporter', analysis, {}, written)).toEqual([]);
    class PlainReporter implements Reporter {
      readonly extension = '.plain';
      readonly mediaType = 'text/plain';
      report = () => ['text\n'];
    }
    const plain = createAnalyzer({ plugins: [{ name: 'plain', reporters: { plain: PlainReporter } }] });
    expect(await plain.warnings('plain', analysis)).toEqual([]);
  });

  test('must have a URL', () => {
    expect(() => createAnalyzer({ plugins: [], isolated: [{ name: 'homeless', metrics: {} }] })).toThrow(
      'plugin homeless cannot be isolated: expected a url, found none; add url: import.meta.url to it',
    );
  });

  test.each([
    ['throwing-reporter', '[throwing-reporter] the reporter failed: out of ink'],
    ['numeric-reporter', '[numeric-reporter] expected a report of strings, found number; fix the reporter'],
    ['exiting-reporter', '[exiting-reporter] the reporter ended its thread: exit status 9'],
  ])('that fails to report (%s) is named in the error', async (name, message) => {
    await expect(textOf(analyzer.report(name, analysis))).rejects.toMatchObject({ code: 'plugin', message });
  });

  test.each([
    [{ metric: 'throwing-metric' }, '[throwing-metric] the metric failed: out of scale'],
    [{ metric: 'lost-metric' }, '[lost-metric] expected a finite distance of 0 or more, found NaN'],
    [{ clusterer: 'empty-clusterer' }, '[empty-clusterer] expected a dendrogram of 3 items, found one with 0 merges'],
    [{ clusterer: 'nothing-clusterer' }, '[nothing-clusterer] expected a dendrogram of 3 items, found undefined'],
    [
      { clusterer: 'unsendable-clusterer' },
      '[unsendable-clusterer] expected a dendrogram of 3 items, found { size: [Function: size] }',
    ],
    [
      { clusterer: 'incomplete-clusterer' },
      /^\[incomplete-clusterer\] the clusterer ended its thread: .*Cannot find package 'no-such-dependency'/,
    ],
    [{ hasher: 'exiting' }, /^\[exiting\] the hasher ended its thread/],
  ])('that fails (%j) is named in the error', async (options, message) => {
    await expect(analyzer.analyze(GOOD, { ...OPTIONS, ...options })).rejects.toMatchObject({
      code: 'plugin',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  test.each([
    [{ hasher: 'endless' }, 'the hasher'],
    [{ metric: 'endless-metric' }, 'the metric'],
    [{ clusterer: 'endless-clusterer' }, 'the clusterer'],
    [{ clusterer: 'silent-clusterer' }, 'the clusterer'],
  ])('that never returns (%j) is given up after its time limit', async (options, part) => {
    const [name] = Object.values(options);
    const failures = new Set<Error>();
    const onProgress = (event: ProgressEvent) => event.kind === 'image-failed' && failures.add(event.error);
    const run = { ...OPTIONS, ...options, jobs: 1, onProgress };
    await expect(impatient.analyze(GOOD, run)).rejects.toMatchObject({
      code: 'unavailable',
      message: `[${name}] ${part} gave no answer within ${SHORT_TIMEOUT} s; leave the plugin out, or allow it more time with \`pluginTimeout\``,
    });
    // The run waits for the time limit once, not once per image.
    expect(failures.size).toBeLessThanOrEqual(1);
  });

  test.each(['endless-reporter', 'silent-reporter'])('that never ends its report (%s) is given up', async (name) => {
    const text = textOf(impatient.report(name, analysis));
    await expect(text).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('the reporter gave no answer'),
    });
  });

  test.each([{ metric: 'endless-metric' }, { clusterer: 'endless-clusterer' }])(
    'that never returns (%j) ends when the signal fires',
    async (options) => {
      const run = { ...OPTIONS, ...options, signal: AbortSignal.timeout(700) };
      await expect(patient.analyze(GOOD, run)).rejects.toMatchObject({ code: 'aborted' });
    },
  );

  test('that never ends its report ends when the signal fires', async () => {
    const run = { signal: AbortSignal.timeout(700) };
    const text = textOf(patient.report('endless-reporter', analysis, {}, run));
    await expect(text).rejects.toMatchObject({ code: 'aborted' });
  });

  test('receives copies, so that it cannot change the distances of others', async () => {
    const written = await analyzer.analyze(GOOD, { ...OPTIONS, clusterer: 'writing-clusterer' });
    const expected = await analyzer.analyze(GOOD, OPTIONS);
    expect(await textOf(analyzer.report('writing-reporter', written))).toBe('done');
    expect(written.distances).toEqual(expected.distances);
    expect(written.dendrogram).toEqual(expected.dendrogram);
  });

  test('leaves no thread when the consumer of its report stops', async () => {
    for await (const text of analyzer.report('obedient-reporter', analysis)) {
      expect(text).not.toBe('');
      break;
    }
    expect(process.getActiveResourcesInfo()).not.toContain('MessagePort');
  });
});
