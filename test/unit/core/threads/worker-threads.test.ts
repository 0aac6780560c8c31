import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WorkerThreads } from '#core/threads/worker-threads.js';
import type { ObedientAnswer, ObedientTask } from './obedient-thread.js';

const ENTRY = new URL('./obedient-thread.js', import.meta.url);
const AT_ONCE: ObedientTask = { order: 'answer', after: 0 };

let threads: WorkerThreads<ObedientTask, ObedientAnswer>;

beforeEach(() => {
  threads = new WorkerThreads(ENTRY, 2, { data: 'given' });
});

afterEach(() => threads.close());

test('every task is answered, by no more threads than allowed', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => threads.run({ order: 'answer', after: 5 })));
  expect(answers.every(({ data }) => data === 'given')).toBe(true);
  expect(new Set(answers.map(({ thread }) => thread)).size).toBe(2);
});

test('as many threads are prepared as are allowed, and used', async () => {
  threads.prepare(100);
  const later = new WorkerThreads<ObedientTask, ObedientAnswer>(ENTRY, 1);
  const answers = await Promise.all([later.run(AT_ONCE), threads.run(AT_ONCE), threads.run(AT_ONCE)]);
  // Threads are numbered as they are started.
  const [last, ...prepared] = answers.map(({ thread }) => thread) as [number, ...number[]];
  expect(prepared.toSorted((a, b) => a - b)).toEqual([last - 2, last - 1]);
  await later.close();
});

test.each([
  ['exit', 'exit status 9'],
  ['throw', 'the thread is tired'],
] as const)(
  'a task that ends its thread (%s) fails, and what the thread had not begun is done by another',
  async (order, message) => {
    const one = new WorkerThreads<ObedientTask, ObedientAnswer>(ENTRY, 1);
    const failing = expect(one.run({ order, after: 0 })).rejects.toThrow(message);
    const answers = await Promise.all([one.run(AT_ONCE), one.run(AT_ONCE), one.run(AT_ONCE)]);
    await failing;
    expect(new Set(answers.map(({ thread }) => thread)).size).toBe(1);
    await one.close();
  },
);

test('what a thread posts beside its answers is none of them', async () => {
  const answers = await Promise.all([threads.run({ order: 'chat', after: 0 }), threads.run(AT_ONCE)]);
  expect(answers).toMatchObject([{ data: 'given' }, { data: 'given' }]);
});

test('a task that cannot be copied to a thread fails alone', async () => {
  const one = new WorkerThreads<ObedientTask, ObedientAnswer>(ENTRY, 1);
  const unusable = { order: 'answer', after: 0, why: () => {} } as const;
  const outcomes = await Promise.allSettled([one.run(AT_ONCE), one.run(unusable), one.run(AT_ONCE), one.run(AT_ONCE)]);
  const refused = {
    status: 'rejected',
    reason: {
      code: 'usage',
      message: expect.stringMatching(/^expected a task that can be copied to a thread, .* remove functions from it$/),
    },
  };
  const answered = { status: 'fulfilled', value: { data: undefined } };
  expect(outcomes).toMatchObject([answered, refused, answered, answered]);
  await one.close();
});

test('what ends a thread in the middle of a task is told as it is, as it may be the task that wants too much', async () => {
  const reason = { message: 'out of memory', code: 'ERR_WORKER_OUT_OF_MEMORY' };
  await expect(threads.run({ order: 'want', after: 0 })).rejects.toMatchObject(reason);
});

test('a module that cannot be loaded fails each task', async () => {
  const broken = new WorkerThreads<ObedientTask, ObedientAnswer>(new URL('./no-such-thread.js', import.meta.url), 1);
  const tasks = [broken.run(AT_ONCE), broken.run(AT_ONCE)];
  for (const outcome of await Promise.allSettled(tasks)) {
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: {
        code: 'unavailable',
        message: expect.stringMatching(
          /^cannot run a thread: expected \/.*no-such-thread\.js, found no such file; .* keep @virt-similarity\/\* and plugins external .*reinstall virt-similarity$/,
        ),
      },
    });
  }
  await broken.close();
});

/** Data for threads of which only the first can be started, and how many were tried. */
function dataForOneStart(): { readonly data: object; readonly attempts: () => number } {
  let attempts = 0;
  const data = {
    get onceOnly(): string {
      attempts++;
      if (attempts > 1) {
        throw Object.assign(new Error('out of threads'), { code: 'ERR_WORKER_INIT_FAILED' });
      }
      return 'given';
    },
  };
  return { data, attempts: () => attempts };
}

test('where a second thread cannot be started, the first does all, and no other is tried', async () => {
  const { data, attempts } = dataForOneStart();
  const two = new WorkerThreads<ObedientTask, ObedientAnswer>(ENTRY, 2, { data });
  const answers = await Promise.all(Array.from({ length: 20 }, () => two.run(AT_ONCE)));
  expect(new Set(answers.map(({ thread }) => thread)).size).toBe(1);
  expect(attempts()).toBe(2);
  await two.close();
});

test('where no thread can be started any more, all tasks fail', async () => {
  const only = new WorkerThreads<ObedientTask, ObedientAnswer>(ENTRY, 1, { data: dataForOneStart().data });
  const tasks = [only.run({ order: 'exit', after: 0 }), ...Array.from({ length: 5 }, () => only.run(AT_ONCE))];
  const outcomes = await Promise.allSettled(tasks);
  const [exited, ...others] = outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason);
  expect(exited).toMatchObject({ message: 'exit status 9' });
  for (const reason of others) {
    expect(reason).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^cannot run a thread: out of threads; lower `jobs`, or allow/),
    });
  }
  await only.close();
});

test('closing waits for what the threads were given, and refuses more', async () => {
  await threads.run(AT_ONCE);
  const answer = threads.run({ order: 'answer', after: 50 });
  await Promise.all([threads.close(), threads.close()]);
  expect(await answer).toMatchObject({ data: 'given' });
  await expect(threads.run(AT_ONCE)).rejects.toThrow('the threads are closed');
});

test('closing ends a thread that goes on', async () => {
  const endless = expect(threads.run({ order: 'answer', after: Number.POSITIVE_INFINITY })).rejects.toThrow(
    'exit status',
  );
  await expect(threads.run(AT_ONCE)).resolves.toBeDefined();
  await threads.close();
  await endless;
});

test('threads keep the process alive while they have a task, and not longer', async () => {
  const answer = threads.run({ order: 'answer', after: 50 });
  expect(process.getActiveResourcesInfo()).toContain('MessagePort');
  await answer;
  expect(process.getActiveResourcesInfo()).not.toContain('MessagePort');
});
