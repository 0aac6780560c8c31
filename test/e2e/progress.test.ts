import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Workplace } from './command.js';
import { SLOW, writeSlowPlugin } from './slow-plugin.js';
import { startOnTerminal } from './terminal.js';
import { writeLargeVectors } from './vector-files.js';

/** Moves to the first column and erases the line. */
const ERASE_LINE = '\r\u001b[K';
const IMAGE_BYTES = 64 * 1024 * 1024;

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
});

afterAll(() => workplace.remove());

describe('the progress on a terminal', () => {
  test('advances while images are hashed', async () => {
    await writeSlowPlugin(workplace, 2);
    for (const [index, name] of ['a.raw', 'b.raw'].entries()) {
      await workplace.write(name, new Uint8Array(IMAGE_BYTES).fill(index + 1));
    }
    const options = ['--no-cache', '--jobs', '2', ...SLOW, '--block-size', '64K'];
    const lines = await statusLines([...options, 'a.raw', 'b.raw']);
    const bytes = lines.flatMap(
      (line) => /^hashing .*\] ([\d.]+) MiB of [\d.]+ MiB, .*\/s, .* left$/.exec(line)?.[1] ?? [],
    );
    expect(new Set(bytes).size).toBeGreaterThanOrEqual(3);
    expect(bytes.map(Number)).toEqual(bytes.map(Number).sort((a, b) => a - b));
    expect(lines.at(-1)).toBe('clustering 2 images');
  });

  test('advances while vectors are compared', async () => {
    await writeSlowPlugin(workplace, 0);
    const lines = await statusLines(['--jobs', '2', ...SLOW, ...(await writeLargeVectors(workplace))]);
    const percent = lines.flatMap((line) => /^comparing .*\] (\d+) %$/.exec(line)?.[1] ?? []).map(Number);
    expect(new Set(percent).size).toBeGreaterThanOrEqual(3);
    expect(percent).toEqual(percent.toSorted((a, b) => a - b));
    expect(lines.at(-1)).toBe('clustering 200 images');
  });

  test('has a bar for each of several images, and is erased before it is redrawn', async () => {
    await writeSlowPlugin(workplace, 2);
    for (const [index, name] of ['a.raw', 'b.raw'].entries()) {
      await workplace.write(name, new Uint8Array(IMAGE_BYTES).fill(index + 1));
    }
    const run = startOnTerminal(workplace, [
      '--no-cache',
      '--jobs',
      '2',
      ...SLOW,
      '--block-size',
      '64K',
      'a.raw',
      'b.raw',
    ]);
    expect(await run.ended).toBe(0);
    const bars =
      /hashing 0\/2 \[.*\r\n {2}a\.raw \[.*\] [\d.]+ [KM]?i?B of 64\.0 MiB\r\n {2}b\.raw \[.*\] [\d.]+ [KM]?i?B of 64\.0 MiB\r/;
    expect(run.shown()).toMatch(bars);
    expect(run.shown()).toContain(`${ERASE_LINE}\u001b[A${ERASE_LINE}\u001b[A${ERASE_LINE}hashing`);
  });

  test('is erased before the report', async () => {
    await workplace.write('c.raw', new Uint8Array(65_536));
    await workplace.write('d.raw', new Uint8Array(65_536));
    const run = startOnTerminal(workplace, ['--no-cache', 'c.raw', 'd.raw']);
    expect(await run.ended).toBe(0);
    expect(run.shown()).toContain(`clustering 2 images${ERASE_LINE}---`);
  });
});

/** Returns the texts that the status line of a run showed, in order. */
async function statusLines(words: readonly string[]): Promise<string[]> {
  const run = startOnTerminal(workplace, words);
  expect(await run.ended).toBe(0);
  // Text after a line break is not part of the status line.
  const texts = run
    .shown()
    .split(ERASE_LINE)
    .map((text) => text.split('\r\n')[0]!);
  return texts.filter((text) => /^(hashing|comparing|clustering) /.test(text));
}

test('the progress for programs is one JSON object on each line, including messages and failures', async () => {
  await workplace.write('c.raw', new Uint8Array(65_536));
  await workplace.write('d.raw', new Uint8Array(65_536));
  const { code, stderr } = await workplace.run('--no-cache', '--progress', 'json', 'c.raw', 'd.raw', 'missing.raw');
  expect(code).toBe(3);
  const events = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events).toContainEqual({ kind: 'image-started', path: 'c.raw', bytes: 65_536 });
  expect(events).toContainEqual(expect.objectContaining({ kind: 'image-failed', path: 'missing.raw' }));
  expect(events).toContainEqual(expect.objectContaining({ kind: 'message', level: 'error' }));
  expect(events.filter(({ kind }) => kind === 'image-finished')).toHaveLength(2);
  expect(events.at(-1)).toMatchObject({ kind: 'message', level: 'note', text: expect.stringContaining('2 images') });
  const usage = await workplace.run('--progress=json', '--metrik', 'c.raw');
  expect(JSON.parse(usage.stderr)).toMatchObject({ kind: 'message', level: 'error' });
});
