import { describe, expect, test } from '@jest/globals';
import { ProcessorShares } from '#core/threads/processor-shares.js';

interface Work {
  readonly done: Promise<string>;
  readonly end: (failure?: Error) => void;
}

/** Works that end when they are told to, and the names of those under way. */
class Works {
  readonly running = new Set<string>();
  readonly #shares = new ProcessorShares(4);

  start(name: string, threads: number, signal?: AbortSignal): Work {
    let end: Work['end'] = () => {};
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
  test('let works run at once as far as the processors suffice, the others in their order', async () => {
    const works = new Works();
    const a = works.start('a', 2);
    const b = works.start('b', 2);
    const c = works.start('c', 3);
    const d = works.start('d', 1);
    await settle();
    expect([...works.running]).toEqual(['a', 'b']);
    a.end();
    await a.done;
    await settle();
    expect([...works.running]).toEqual(['b']);
    b.end();
    await settle();
    expect([...works.running]).toEqual(['c', 'd']);
    c.end();
    d.end();
    expect(await Promise.all([a, b, c, d].map(({ done }) => done))).toEqual(['a', 'b', 'c', 'd']);
  });

  test('let a work with more threads than processors run alone', async () => {
    const works = new Works();
    const large = works.start('large', 9);
    const small = works.start('small', 1);
    await settle();
    expect([...works.running]).toEqual(['large']);
    large.end();
    await settle();
    expect([...works.running]).toEqual(['small']);
    small.end();
    await small.done;
  });

  test('give the turn of a work that fails or is interrupted while it waits to the next one', async () => {
    const works = new Works();
    const interruption = new AbortController();
    const failing = works.start('failing', 4);
    const interrupted = works.start('interrupted', 4, interruption.signal);
    const next = works.start('next', 4, new AbortController().signal);
    const interruptedCode = expect(interrupted.done).rejects.toMatchObject({ code: 'aborted' });
    interruption.abort();
    await interruptedCode;
    failing.end(new Error('failed'));
    await expect(failing.done).rejects.toThrow('failed');
    await settle();
    expect([...works.running]).toEqual(['next']);
    next.end();
    expect(await next.done).toBe('next');
  });

  test('begin nothing for a signal that has fired', async () => {
    const works = new Works();
    await expect(works.start('late', 1, AbortSignal.abort()).done).rejects.toMatchObject({ code: 'aborted' });
    expect([...works.running]).toEqual([]);
  });

  test('begin a small work at once when a large one before it is interrupted', async () => {
    const works = new Works();
    const interruption = new AbortController();
    const first = works.start('first', 1);
    const large = works.start('large', 4, interruption.signal);
    const small = works.start('small', 1);
    const largeCode = expect(large.done).rejects.toMatchObject({ code: 'aborted' });
    interruption.abort();
    await largeCode;
    await settle();
    expect([...works.running]).toEqual(['first', 'small']);
    first.end();
    small.end();
    await Promise.all([first.done, small.done]);
  });
});
