import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { unlessAborted } from '#core/unless-aborted.js';

test('all pending operations reject when their signal fires', async () => {
  const interruption = new AbortController();
  const works = Array.from({ length: 50 }, () => unlessAborted(new Promise(() => {}), interruption.signal));
  interruption.abort();
  for (const outcome of await Promise.allSettled(works)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'aborted' } });
  }
});

test('many pending operations cause no warning of Node.js', async () => {
  // In a separate process: warnings are per process, not per test context.
  const script = `
    import { unlessAborted } from '#core/unless-aborted.js';
    const { signal } = new AbortController();
    for (let work = 0; work < 50; work++) unlessAborted(new Promise(() => {}), signal);
    await new Promise(setImmediate);`;
  const ended = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  expect(ended.stderr).toBe('');
});

test('an operation that settles before the signal fires keeps its result', async () => {
  expect(await unlessAborted(Promise.resolve(7), new AbortController().signal)).toBe(7);
  expect(await unlessAborted(Promise.resolve(7), undefined)).toBe(7);
});
