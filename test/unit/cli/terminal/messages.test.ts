import { describe, expect, test } from '@jest/globals';
import { VirtSimilarityError, wording } from '@virt-similarity/core';
import { type ColorWhen, Messages, type Verbosity } from '#cli/terminal/messages.js';
import { createProgressDisplay } from '#cli/terminal/progress-display.js';

function record(
  {
    verbosity = 'normal',
    color = 'auto',
    isTTY = false,
    progress = 'auto',
  }: { verbosity?: Verbosity; color?: ColorWhen; isTTY?: boolean; progress?: 'auto' | 'json' | 'none' },
  environment: NodeJS.ProcessEnv = {},
) {
  let written = '';
  const stream = {
    isTTY,
    columns: 60,
    write: (text: string) => {
      written += text;
    },
  };
  const messages = new Messages(stream, { verbosity, color, progress }, environment);
  return { messages, written: () => written };
}

describe('messages', () => {
  test('escape control characters in names', () => {
    const { messages, written } = record({});
    messages.error('cannot open \u001b[2Ja\nb');
    expect(written()).toBe('virt-similarity: error: cannot open \\x1b[2Ja b\n'.replace('a b', 'a\\x0ab'));
  });

  test('are only errors and warnings when quiet', () => {
    const { messages, written } = record({ verbosity: 'quiet', isTTY: true });
    messages.note('a note');
    messages.debug('a detail');
    messages.status('a bar');
    messages.warning('odd');
    expect(written()).toMatch(/^virt-similarity: .*warning:.* odd\n$/);
  });

  test('have no color outside a terminal by default', () => {
    const { messages, written } = record({});
    messages.warning('odd');
    expect(written()).toBe('virt-similarity: warning: odd\n');
  });

  test.each([
    [{ isTTY: true }, {}, true],
    [{ isTTY: true }, { NO_COLOR: '1' }, false],
    [{ isTTY: true }, { TERM: 'dumb' }, false],
    [{ isTTY: false }, { FORCE_COLOR: '1' }, true],
    [{ isTTY: true }, { FORCE_COLOR: '1', TERM: 'dumb' }, true],
    [{ isTTY: true }, { FORCE_COLOR: '0' }, false],
    [{ isTTY: true }, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [{ isTTY: true, color: 'never' }, { FORCE_COLOR: '1' }, false],
    [{ isTTY: true, color: 'never' }, {}, false],
    [{ isTTY: false, color: 'always' }, { NO_COLOR: '1' }, true],
  ] as const)('with %j and %j are colored: %s', (style, environment, isColored) => {
    const { messages, written } = record(style, environment);
    messages.error('broken');
    expect(written().includes('\u001b[31m')).toBe(isColored);
  });

  test('report a failure once, on one line', () => {
    const { messages, written } = record({});
    const error = new VirtSimilarityError('corrupt', 'cut short', { cause: new Error('beneath') });
    messages.failure(error);
    messages.failure(error);
    expect(written()).toBe('virt-similarity: error: cut short\n');
  });

  test('show the stacks of a failure and its cause when verbose', () => {
    const { messages, written } = record({ verbosity: 'verbose' });
    messages.failure(new VirtSimilarityError('corrupt', 'cut short', { cause: new Error('beneath') }));
    expect(written()).toMatch(/cut short\n.*cut short\n +at .*\n(?:.*\n)*Error: beneath\n +at /);
  });

  test('name options of the library by their flags, even in stacks', () => {
    const { messages, written } = record({ verbosity: 'verbose' });
    const advice = wording`choose ${{ option: 'reader', value: 'qemu' }}`;
    const cause = new VirtSimilarityError('usage', advice);
    messages.failure(new VirtSimilarityError('refused', wording`it is odd; ${advice}`, { cause }));
    messages.warning(wording`lower ${{ option: 'jobs' }}`);
    expect(written()).toMatch(
      /error: it is odd; choose --reader qemu\n.*it is odd; choose --reader qemu\n +at .*\n(?:.*\n)*.*: choose --reader qemu\n +at /,
    );
    expect(written()).toMatch(/warning: lower --jobs\n$/);
    expect(written()).not.toContain('`');
  });

  test('are printed above the status line', () => {
    const { messages, written } = record({ isTTY: true, color: 'never' });
    messages.status('bar');
    messages.note('a note');
    messages.status();
    expect(written()).toBe('\r\u001b[Kbar\r\u001b[Ka note\nbar\r\u001b[K');
  });

  test('are printed above several status lines, which are erased from the last to the first', () => {
    const { messages, written } = record({ isTTY: true, color: 'never' });
    messages.status('all', 'one', 'two');
    messages.note('a note');
    messages.status('all');
    messages.status();
    const erased = '\r\u001b[K\u001b[A\r\u001b[K\u001b[A\r\u001b[K';
    expect(written()).toBe(`\r\u001b[Kall\none\ntwo${erased}a note\nall\none\ntwo${erased}all\r\u001b[K`);
  });

  test('are passed to observers, including messages that are not shown', () => {
    const { messages, written } = record({ verbosity: 'quiet' });
    const observed: string[] = [];
    messages.observe({
      message: (level, text) => observed.push(`${level} ${text}`),
      event: ({ kind }) => observed.push(kind),
    });
    messages.note('a note');
    messages.debug(wording`lower ${{ option: 'jobs' }}`);
    messages.event({ kind: 'clustering', images: 2 });
    expect(observed).toEqual(['note a note', 'debug lower --jobs', 'clustering']);
    expect(written()).toBe('');
  });

  test('and progress events are lines of JSON on request', async () => {
    const { messages, written } = record({ isTTY: true, progress: 'json' });
    const display = await createProgressDisplay(messages, 2);
    messages.warning(wording`lower ${{ option: 'jobs' }}\u001b\n`);
    display.show({ kind: 'image-started', path: 'a\n', bytes: 9 });
    messages.debug('a detail');
    for (let read = 0; read < 9; read++) {
      display.show({ kind: 'image-advanced', path: 'a\n', bytes: 1 });
    }
    display.show({ kind: 'clustering', images: 2 });
    display.end();
    const lines = written()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const advanced = lines.filter(({ kind }) => kind === 'image-advanced');
    expect(lines.filter((line) => !advanced.includes(line))).toEqual([
      { kind: 'message', level: 'warning', text: 'lower --jobs\u001b\n' },
      { kind: 'image-started', path: 'a\n', bytes: 9 },
      { kind: 'clustering', images: 2 },
    ]);
    expect(advanced.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(9);
  });
});

describe('progress', () => {
  test('is absent on request', async () => {
    const { messages, written } = record({ isTTY: true, progress: 'none' });
    const display = await createProgressDisplay(messages, 2);
    display.show({ kind: 'image-started', path: 'a', bytes: 9 });
    display.show({ kind: 'clustering', images: 2 });
    display.end();
    expect(written()).toBe('');
  });

  test('is lines on a terminal that cannot move its cursor', async () => {
    const { messages, written } = record({ isTTY: true }, { TERM: 'dumb' });
    (await createProgressDisplay(messages, 2)).show({ kind: 'image-started', path: 'a', bytes: 9 });
    expect(written()).toBe('hashing a (9 B)\n');
  });

  test('outside a terminal is a line when an image is started, and a line when an image is finished', async () => {
    const { messages, written } = record({});
    const display = await createProgressDisplay(messages, 2);
    display.show({ kind: 'image-started', path: 'a.img', bytes: 2048 });
    display.show({ kind: 'image-advanced', path: 'a.img', bytes: 2048 });
    display.show({ kind: 'image-finished', path: 'a.img', cached: false, vector: {} as never });
    display.show({ kind: 'image-finished', path: 'b.img', cached: true, vector: {} as never });
    const vector = { storage: { kind: 'file', path: 'c.arrow' } } as never;
    display.show({ kind: 'image-finished', path: 'c.arrow', cached: true, vector });
    display.end();
    expect(written()).toBe(
      'hashing a.img (2.0 KiB)\na.img: hashed\nb.img: taken from the cache\nc.arrow: read as a hash vector\n',
    );
  });

  test('of one image is a line on a terminal, redrawn at most ten times a second and cleared at the end', async () => {
    const { messages, written } = record({ isTTY: true });
    const display = await createProgressDisplay(messages, 1);
    const started = performance.now();
    display.show({ kind: 'image-started', path: 'a.img', bytes: 1e6 });
    for (let read = 0; read < 1000; read += 1) {
      display.show({ kind: 'image-advanced', path: 'a.img', bytes: 1000 });
    }
    const tenthsOfSeconds = (performance.now() - started) / 100;
    display.end();
    display.end();
    expect(written().match(/hashing/g)?.length).toBeLessThanOrEqual(1 + tenthsOfSeconds);
    expect(written()).not.toContain('\n');
    expect(written().endsWith('\r\u001b[K')).toBe(true);
  });

  test('shows every stage on a terminal, even immediately after another', async () => {
    const { messages, written } = record({ isTTY: true });
    const display = await createProgressDisplay(messages, 2);
    display.show({ kind: 'comparing', fraction: 1 });
    display.show({ kind: 'clustering', images: 2 });
    expect(written()).toMatch(/comparing .* 100 %.*clustering 2 images$/s);
  });
});
