import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WorkerThreads } from '#core/threads/worker-threads.js';
import type { ObedientAnswer, ObedientTask } from './obedient-thread.js';

const ENTRY = new URL('./obedient-thread.js', import.meta.url);
const IMMEDIATE: ObedientTask = { order: 'answer', after: 0 };

let threads: WorkerThreads<ObedientTask, ObedientAnswer>;

beforeEach(() => {
  threads = new WorkerThreads(ENTRY, 2, { data: 'given' });
});

afterEach(() => threads.close());

test('answers every task, with no more threads than allowed', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => threads.run({ order: 'answer', after: 5 })));
  expect(answers.every(({ data }) => data === 'given')).toBe(true);
  expect(new Set(answers.map(({ thread }) => thread)).size).toBe(2);
});

test('prepares at most the allowed number of threads, and uses them', async () => {
  threads.prepare(100);
  const later = new WorkerThreads<ObedientTask, ObedientAnswer>(ENTRY, 1);
  const answers = await Promise.all([later.run(IMMEDIATE), threads.run(IMMEDIATE), threads.run(IMMEDIATE)]);
  // Threads are numbered in the order in which they start.
  const [last, ...prepared] = answers.map(({ thread }) => thread) as [number, ...number[]];
  expect(prepared.toSorted((a, b) => a - b)).toEqual([last - 2, last - 1]);
  await later.close();
});

test.each([
  ['exit', 'exit status 9'],
  ['throw', 'the thread is tired'],
] as const)(
  'a task that ends its thread (%s) fails, and another thread runs the tasks that wait',
  async (order, message) => {
    const one = new WorkerThreads<ObedientTask, ObedientAnswer>(ENTRY, 1);
    const failing = expect(one.run({ order, after: 0 })).rejects.toThrow(message);
    const answers = await Promise.all([one.run(IMMEDIATE), one.run(IMMEDIATE), one.run(IMMEDIATE)]);
    await failing;
    expect(new Set(answers.map(({ thread }) => thread)).size).toBe(1);
    await one.close();
  },
);

test('ignores other messages of a thread', async () => {
  const answers = await Promise.all([threads.run({ order: 'chat', after: 0 }), threads.run(IMMEDIATE)]);
  expect(answers).toMatchObject([{ data: 'given' }, { data: 'given' }]);
});

test('a task that cannot be copied to a thread fails alone', async () => {
  const one = new WorkerThreads<ObedientTask, ObedientAnswer>(ENTRY, 1);
  const unusable = { order: 'answer', after: 0, why: () => {} } as const;
  const outcomes = await Promise.allSettled([
    one.run(IMMEDIATE),
    one.run(unusable),
    one.run(IMMEDIATE),
    one.run(IMMEDIATE),
  ]);
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

test('reports the original error if a thread runs out of memory during a task', async () => {
  const reason = { message: 'out of memory', code: 'ERR_WORKER_OUT_OF_MEMORY' };
  await expect(threads.run({ order: 'exhaust', after: 0 })).rejects.toMatchObject(reason);
});

test('fails every task if the module cannot be loaded', async () => {
  const broken = new WorkerThreads<ObedientTask, ObedientAnswer>(new URL('./no-such-thread.js', import.meta.url), 1);
  const tasks = [broken.run(IMMEDIATE), broken.run(IMMEDIATE)];
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

/** Returns data with which only the first thread can start, and a function that returns the number of attempts. */
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

test('runs all tasks in the first thread if a second cannot start, and does not try again', async () => {
  const { data, attempts } = dataForOneStart();
  const two = new WorkerThreads<ObedientTask, ObedientAnswer>(ENTRY, 2, { data });
  const answers = await Promise.all(Array.from({ length: 20 }, () => two.run(IMMEDIATE)));
  expect(new Set(answers.map(({ thread }) => thread)).size).toBe(1);
  expect(attempts()).toBe(2);
  await two.close();
});

test('fails all tasks if no thread can start any longer', async () => {
  const only = new WorkerThreads<ObedientTask, ObedientAnswer>(ENTRY, 1, { data: dataForOneStart().data });
  const tasks = [only.run({ order: 'exit', after: 0 }), ...Array.from({ length: 5 }, () => only.run(IMMEDIATE))];
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

test('closing waits for running tasks, and then refuses new ones', async () => {
  await threads.run(IMMEDIATE);
  const answer = threads.run({ order: 'answer', after: 50 });
  await Promise.all([threads.close(), threads.close()]);
  expect(await answer).toMatchObject({ data: 'given' });
  await expect(threads.run(IMMEDIATE)).rejects.toThrow('the threads are closed');
});

test('closing ends a thread that does not return', async () => {
  const endless = expect(threads.run({ order: 'answer', after: Number.POSITIVE_INFINITY })).rejects.toThrow(
    'exit status',
  );
  await expect(threads.run(IMMEDIATE)).resolves.toBeDefined();
  await threads.close();
  await endless;
});

test('threads keep the process alive only while they have a task', async () => {
  const answer = threads.run({ order: 'answer', after: 50 });
  expect(process.getActiveResourcesInfo()).toContain('MessagePort');
  await answer;
  expect(process.getActiveResourcesInfo()).not.toContain('MessagePort');
});
