import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import {
  classifyFailure,
  exhaustionRemedy,
  pluginError,
  systemReasonOf,
  VirtSimilarityError,
  wording,
  wordingOf,
} from '@virt-similarity/core/errors';
import { overrunError } from '#core/threads/overrun-error.js';
import { threadError } from '#core/threads/thread-error.js';
import { received, sendable, threadFailureOf } from '#core/threads/thread-failure.js';
import { TimeLimitError } from '#core/threads/time-limit-error.js';

const READER = { option: 'reader', value: 'qemu' };
const OUT_OF_MEMORY = Object.assign(new Error('no memory'), { code: 'ENOMEM' });

describe('an error', () => {
  test('has its message as text and a list of the options that it names', () => {
    const error = new VirtSimilarityError(
      'usage',
      wording`it is odd; choose ${READER}, or lower ${{ option: 'jobs' }}`,
    );
    expect(error.message).toBe("it is odd; choose `reader: 'qemu'`, or lower `jobs`");
    expect(error.remedy).toEqual([READER, { option: 'jobs' }]);
  });

  test('is serialised to JSON with its code, message, image and remedy, and the message of its cause', () => {
    const error = new VirtSimilarityError('in-use', wording`a is open; choose ${READER}`, {
      image: 'a',
      cause: new Error('locked'),
    });
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({
      error: {
        name: 'VirtSimilarityError',
        code: 'in-use',
        message: "a is open; choose `reader: 'qemu'`",
        image: 'a',
        remedy: [READER],
        cause: 'locked',
      },
    });
    const short = new VirtSimilarityError('aborted', 'interrupted');
    expect(JSON.stringify(short)).toBe('{"name":"VirtSimilarityError","code":"aborted","message":"interrupted"}');
  });

  const cyclic: { self?: object } = {};
  cyclic.self = cyclic;
  const fails = (): never => {
    throw new Error('no');
  };
  const opaque = new Proxy({}, { get: fails, getPrototypeOf: fails, has: fails });

  test.each<[string, unknown, string]>([
    ['a cyclic object', cyclic, '<ref *1> { self: [Circular *1] }'],
    ['a bigint', 1n, '1n'],
    ['null', null, 'null'],
    ['an error with a bigint as its message', Object.assign(new Error(), { message: 7n }), '7n'],
    [
      'an error whose message cannot be read',
      Object.defineProperty(new Error(), 'message', { get: fails }),
      'undefined',
    ],
    ['an object that cannot be shown', { [inspect.custom]: fails }, 'a value of type object that cannot be shown'],
    ['an error with a long message', new Error('x'.repeat(1e6)), 'x'.repeat(1000)],
    [
      'an object of many members',
      { list: new Array(1e5).fill('x'.repeat(50)) },
      expect.stringMatching(/^.{1,1000}$/) as never,
    ],
  ])('is serialised with %s as its cause', (_, cause, text) => {
    const error = new VirtSimilarityError('plugin', 'it failed', { cause });
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ message: 'it failed', cause: text });
  });

  test.each<[string, unknown]>([
    ['an object that throws for every property', opaque],
    ['an error whose code cannot be read', Object.defineProperty(new Error('x'), 'code', { get: fails })],
    ['an error whose stack cannot be read', Object.defineProperty(new Error('x'), 'stack', { get: fails })],
    ['an error whose cause cannot be read', Object.defineProperty(new Error('x'), 'cause', { get: fails })],
    ['an error whose stack is no text', Object.assign(new Error('x'), { stack: 7n })],
  ])('of a plugin that throws %s is serialised and sent to another thread', (_, thrown) => {
    const error = pluginError('x', 'it failed', thrown);
    expect(error.message).toMatch(/^\[x\] it failed: ./);
    expect(JSON.stringify(error)).toContain('it failed');
    expect(systemReasonOf(thrown)).not.toBe('');
    expect(received(structuredClone(sendable(error))).message).toBe(error.message);
  });

  test('without options in its message has an empty remedy', () => {
    const error = new VirtSimilarityError('usage', 'it is odd; name it again');
    expect([error.message, error.wording, error.remedy]).toEqual([
      'it is odd; name it again',
      'it is odd; name it again',
      [],
    ]);
  });

  test('for an exhausted resource advises fewer jobs', () => {
    const { code, ending } = classifyFailure(OUT_OF_MEMORY, 'plugin', 'try again');
    expect([code, ending]).toEqual(['unavailable', ['; lower ', { option: 'jobs' }, ', or allow more memory']]);
    expect(exhaustionRemedy(new Error('other'))).toBeUndefined();
    expect(pluginError('x', 'it failed', OUT_OF_MEMORY)).toMatchObject({
      message: '[x] it failed: no memory; lower `jobs`, or allow more memory',
      remedy: [{ option: 'jobs' }],
    });
  });
});

describe('an error of a plugin that imports a missing package', () => {
  const remedyFor = (name: string): RegExp => new RegExp(`; run npm install ${name} in the plugin's directory, which `);

  test('names the command that installs the package', async () => {
    const code = 'ERR_MODULE_NOT_FOUND';
    const missing = (message: string) =>
      pluginError('x', 'it failed', Object.assign(new Error(message), { code })).message;
    const imported = 'imported from /plugins/a.mjs';
    expect(missing(`Cannot find package '@virt-similarity/core' ${imported}`)).toMatch(
      remedyFor('@virt-similarity/core'),
    );
    expect(missing(`Cannot find package 'left-pad' ${imported}`)).toMatch(remedyFor('left-pad'));
    expect(missing("Cannot find module 'left-pad/x'\nRequire stack:\n- /plugins/a.cjs")).toMatch(remedyFor('left-pad'));
    expect(missing(`Cannot find module '/plugins/b.mjs' ${imported}`)).not.toMatch('npm install');
  });
});

describe('the wording of a thrown value', () => {
  test('is one line, and can be part of the wording of another error', () => {
    const cause = new VirtSimilarityError('usage', wording`it is\n  odd;\nchoose ${READER}\n or not`);
    const error = new VirtSimilarityError('refused', wording`cannot open a (${wordingOf(cause)})`, { cause });
    expect(error.message).toBe("cannot open a (it is odd; choose `reader: 'qemu'` or not)");
    expect(error.remedy).toEqual([READER]);
  });

  test('of an error of another copy of this package is its wording if present, otherwise its message', () => {
    const brand = { [Symbol.for('virt-similarity.error')]: true };
    const message = 'choose it';
    expect(wordingOf(Object.assign(new Error(message), brand))).toBe(message);
    expect(wordingOf(Object.assign(new Error(message), brand, { wording: ['choose ', READER] }))).toEqual([
      'choose ',
      READER,
    ]);
  });

  test('of any other value is its message or text, on one line', () => {
    expect(wordingOf(new Error('line\nbreak'))).toBe('line break');
    expect(wordingOf('text')).toBe('text');
  });
});

describe('across threads,', () => {
  test.each([
    ['thrown in the thread', threadFailureOf('x', 'it failed', overrunError('x', 'metric', new TimeLimitError(9)))],
    ['for a resource exhausted in the thread', threadFailureOf('x', 'it failed', OUT_OF_MEMORY)],
    ['with another error as its cause', sendable(threadError(OUT_OF_MEMORY) as VirtSimilarityError)],
  ])('an error keeps its message and remedy: %s', (_, failure) => {
    const error = received(structuredClone(failure));
    expect(error.remedy).toHaveLength(1);
    expect(error.wording).toEqual(failure.message);
    expect(error.message).toMatch(/`(?:jobs|pluginTimeout)`/);
  });
});
