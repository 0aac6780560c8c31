import { describe, expect, test } from '@jest/globals';
import { VirtSimilarityError, wording } from '@virt-similarity/core';
import { type ColorWhen, Messages, type Verbosity } from '#cli/terminal/messages.js';
import { createProgressDisplay } from '#cli/terminal/progress-display.js';

function record(
  {
    verbosity = 'normal',
    color = 'auto',
    isTTY = false,
  }: { verbosity?: Verbosity; color?: ColorWhen; isTTY?: boolean },
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
  const messages = new Messages(stream, { verbosity, color }, environment);
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

  test('have no color outside a terminal', () => {
    const { messages, written } = record({});
    messages.warning('odd');
    expect(written()).toBe('virt-similarity: warning: odd\n');
  });

  test.each([
    [{ isTTY: true }, {}, true],
    [{ isTTY: true }, { NO_COLOR: '1' }, false],
    [{ isTTY: true }, { TERM: 'dumb' }, false],
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
    messages.status('');
    expect(written()).toBe('\r\u001b[Kbar\r\u001b[Ka note\nbar\r\u001b[K');
  });
});

describe('progress', () => {
  test('is a line at the start and end of each image outside a terminal', () => {
    const { messages, written } = record({});
    const display = createProgressDisplay(messages, 2);
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

  test('is one line on a terminal, redrawn at most ten times a second and cleared at the end', () => {
    const { messages, written } = record({ isTTY: true });
    const display = createProgressDisplay(messages, 1);
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

  test('shows every stage on a terminal, even immediately after another', () => {
    const { messages, written } = record({ isTTY: true });
    const display = createProgressDisplay(messages, 2);
    display.show({ kind: 'comparing', fraction: 1 });
    display.show({ kind: 'clustering', images: 2 });
    expect(written()).toMatch(/comparing .* 100 %.*clustering 2 images$/s);
  });
});
