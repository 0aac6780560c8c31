import { expect, test } from '@jest/globals';
import { Turns } from '#readers/decompression/turns.js';

test('turns are taken one at a time, in the order of the calls', async () => {
  const turns = new Turns();
  const events: string[] = [];
  const take = async (name: string) => {
    const end = await turns.take(undefined);
    events.push(`${name} begins`);
    await new Promise(setImmediate);
    events.push(`${name} ends`);
    end();
  };
  await Promise.all(['a', 'b', 'c'].map(take));
  expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

test('a caller that stops waiting passes its turn to the next caller, once the earlier turns have ended', async () => {
  const turns = new Turns();
  const end = await turns.take(undefined);
  const controller = new AbortController();
  const aborted = turns.take(controller.signal);
  let hasTurn = false;
  const next = turns.take(undefined).then(() => {
    hasTurn = true;
  });
  controller.abort();
  await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
  await new Promise(setImmediate);
  expect(hasTurn).toBe(false);
  end();
  await next;
});
