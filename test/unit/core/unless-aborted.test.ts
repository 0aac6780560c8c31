import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { unlessAborted } from '#core/unless-aborted.js';

test('work of any number ends with its signal', async () => {
  const interruption = new AbortController();
  const works = Array.from({ length: 50 }, () => unlessAborted(new Promise(() => {}), interruption.signal));
  interruption.abort();
  for (const outcome of await Promise.allSettled(works)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'aborted' } });
  }
});

test('work of any number makes Node.js warn of nothing', async () => {
  // Warnings are those of the process, not of the context that a test runs in.
  const script = `
    import { unlessAborted } from '#core/unless-aborted.js';
    const { signal } = new AbortController();
    for (let work = 0; work < 50; work++) unlessAborted(new Promise(() => {}), signal);
    await new Promise(setImmediate);`;
  const ended = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  expect(ended.stderr).toBe('');
});

test('work that is done in time gives what it gives', async () => {
  expect(await unlessAborted(Promise.resolve(7), new AbortController().signal)).toBe(7);
  expect(await unlessAborted(Promise.resolve(7), undefined)).toBe(7);
});
