import { describe, expect, test } from '@jest/globals';
import { ProcessorShares } from '#core/threads/processor-shares.js';

interface Job {
  readonly done: Promise<string>;
  readonly end: (failure?: Error) => void;
}

/** Jobs for four processors, which end on request, and the names of the running jobs. */
class Jobs {
  readonly running = new Set<string>();
  readonly #shares = new ProcessorShares(4);

  start(name: string, threads: number, signal?: AbortSignal): Job {
    let end: Job['end'] = () => {};
    const ended = new Promise<void>((resolve, reject) => {
      end = (failure) => (failure === undefined ? resolve() : reject(failure));
    });
    ended.catch(() => {});
    const work = async (): Promise<string> => {
      this.running.add(name);
      await ended.finally(() => this.running.delete(name));
      return name;
    };
    return { done: this.#shares.run(threads, work, signal), end };
  }
}

async function settle(): Promise<void> {
  await new Promise(setImmediate);
}

describe('processor shares', () => {
  test('run jobs concurrently while processors suffice, and the others in order', async () => {
    const jobs = new Jobs();
    const a = jobs.start('a', 2);
    const b = jobs.start('b', 2);
    const c = jobs.start('c', 3);
    const d = jobs.start('d', 1);
    await settle();
    expect([...jobs.running]).toEqual(['a', 'b']);
    a.end();
    await a.done;
    await settle();
    expect([...jobs.running]).toEqual(['b']);
    b.end();
    await settle();
    expect([...jobs.running]).toEqual(['c', 'd']);
    c.end();
    d.end();
    expect(await Promise.all([a, b, c, d].map(({ done }) => done))).toEqual(['a', 'b', 'c', 'd']);
  });

  test('run a job with more threads than processors alone', async () => {
    const jobs = new Jobs();
    const large = jobs.start('large', 9);
    const small = jobs.start('small', 1);
    await settle();
    expect([...jobs.running]).toEqual(['large']);
    large.end();
    await settle();
    expect([...jobs.running]).toEqual(['small']);
    small.end();
    await small.done;
  });

  test('start the next job when a job fails, or is interrupted while it waits', async () => {
    const jobs = new Jobs();
    const interruption = new AbortController();
    const failing = jobs.start('failing', 4);
    const interrupted = jobs.start('interrupted', 4, interruption.signal);
    const next = jobs.start('next', 4, new AbortController().signal);
    const interruptedCode = expect(interrupted.done).rejects.toMatchObject({ code: 'aborted' });
    interruption.abort();
    await interruptedCode;
    failing.end(new Error('failed'));
    await expect(failing.done).rejects.toThrow('failed');
    await settle();
    expect([...jobs.running]).toEqual(['next']);
    next.end();
    expect(await next.done).toBe('next');
  });

  test('do not start a job whose signal has fired', async () => {
    const jobs = new Jobs();
    await expect(jobs.start('late', 1, AbortSignal.abort()).done).rejects.toMatchObject({ code: 'aborted' });
    expect([...jobs.running]).toEqual([]);
  });

  test('start a small job as soon as a large job before it is interrupted', async () => {
    const jobs = new Jobs();
    const interruption = new AbortController();
    const first = jobs.start('first', 1);
    const large = jobs.start('large', 4, interruption.signal);
    const small = jobs.start('small', 1);
    const largeCode = expect(large.done).rejects.toMatchObject({ code: 'aborted' });
    interruption.abort();
    await largeCode;
    await settle();
    expect([...jobs.running]).toEqual(['first', 'small']);
    first.end();
    small.end();
    await Promise.all([first.done, small.done]);
  });
});
