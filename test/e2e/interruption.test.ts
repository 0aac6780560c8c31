import type { ChildProcess } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Workplace } from './command.js';
import { rawImage } from './sample-images.js';

jest.setTimeout(60_000);

/** A reader that never gives an answer, not even to a wish to stop. */
const DEAF_READER = `
class DeafReader {
  name = 'deaf';
  async canRead() { return true; }
  identify() {
    process.stderr.write('waiting\\n');
    setInterval(() => {}, 1000);
    return new Promise(() => {});
  }
  open() { return new Promise(() => {}); }
}
export default { name: 'deaf', readers: [DeafReader] };
`;

/** A hasher so slow that there is time to interrupt it: 2,000 blocks take minutes. */
const SLOW_HASHER = `
class SlowHasher {
  name = 'slow';
  digestLength = 1;
  hash(block, digest) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    digest[0] = block[0];
  }
}
export default { name: 'slow', url: import.meta.url, hashers: [SlowHasher] };
`;

const WORDS = ['--plugin', './slow.mjs', '--hash', 'slow', '--block-size', '512', '-o', 'tree.nwk', 'a.raw', 'b.raw'];

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
  await workplace.write('slow.mjs', SLOW_HASHER);
  await workplace.write('a.raw', rawImage(...Array.from({ length: 16 }, () => 1)));
  await workplace.write('b.raw', rawImage(...Array.from({ length: 16 }, () => 2)));
});

afterAll(() => workplace.remove());

describe('an interrupted run', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s ends soon with %d and leaves nothing behind', async (signal, exitCode) => {
    const { process: child, ended } = workplace.start(WORDS);
    await said(child, 'hashing');
    const interruptedAt = performance.now();
    child.kill(signal);
    const { code, stdout, stderr } = await ended;
    expect(performance.now() - interruptedAt).toBeLessThan(5000);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toMatch(/^virt-similarity: error: interrupted\n$/m);
    expect((await readdir(workplace.directory)).filter((name) => name !== 'similarity-cache').sort()).toEqual([
      'a.raw',
      'b.raw',
      'slow.mjs',
    ]);
    expect(await readdir(workplace.path('similarity-cache')).catch(() => [])).toEqual([]);
  });

  test('ends at once at the second signal', async () => {
    await workplace.write('deaf.mjs', DEAF_READER);
    const { process: child, ended } = workplace.start(['--plugin', './deaf.mjs', '--reader', 'deaf', 'a.raw', 'b.raw']);
    await said(child, 'waiting');
    child.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    expect((await ended).code).toBe(143);
  });

  function said(child: ChildProcess, word: string): Promise<void> {
    return new Promise((resolve) => {
      child.stderr?.on('data', (text: string) => text.includes(word) && resolve());
    });
  }
});
