import { mkdir, readdir, symlink } from 'node:fs/promises';
import { constants } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type HungFileSystem, mountHungFileSystem } from '../fixtures/hung-file-system.js';
import { runTool } from '../fixtures/run-tool.js';
import { type CommandRun, Workplace } from './command.js';
import { rawImage } from './sample-images.js';

let workplace: Workplace;
let hung: HungFileSystem;

beforeAll(async () => {
  workplace = await Workplace.make();
  await workplace.write('a.raw', rawImage(1));
  await workplace.write('b.raw', rawImage(2));
  hung = await mountHungFileSystem(workplace.path('hung'));
  await symlink('hung', workplace.path('link'));
  await mkdir(workplace.path('pool'));
  await symlink(workplace.path('hung/x.arrow'), workplace.path('pool/x.arrow'));
  await runTool('mkfifo', [workplace.path('fifo.mjs')]);
  await mkdir(workplace.path('configuration'));
});

afterAll(async () => {
  await hung.unmount();
  await workplace.remove();
});

/** How the command uses a path on the file system that never answers, and arguments with such a path. */
const USES = [
  ['an image', ['a.raw', 'hung/b.raw']],
  ['more images than Node.js has threads', ['a.raw', ...[1, 2, 3, 4, 5, 6].map((number) => `hung/${number}.raw`)]],
  ['a directory', ['hung']],
  ['a directory through a link', ['link/', 'a.raw']],
  ['a hash vector through a link', ['a.raw', 'pool/x.arrow']],
  ['the cache', ['--cache', 'hung/cache', 'a.raw', 'b.raw']],
  ['a report', ['-o', 'hung/tree.nwk', 'a.raw', 'b.raw']],
  ['a plugin', ['--plugin', './hung/plugin.mjs', 'a.raw', 'b.raw']],
  ['directories of backing files', ['--allow-backing', 'hung/base', 'a.raw', 'b.raw']],
] as const;

describe('a file system that never answers', () => {
  test.each(USES)('does not prevent a signal from ending a run that uses it for %s', async (_, words) => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      const run = workplace.start(words);
      await blocked(run);
      run.process.kill(signal);
      expect(await exitCodeOf(run)).toBe(code);
      expect(await readdir(workplace.temporary)).toEqual([]);
    }
  });

  test('does not prevent two signals from ending the command', async () => {
    const run = workplace.start(['a.raw', 'hung/b.raw']);
    await blocked(run);
    run.process.kill('SIGINT');
    run.process.kill('SIGTERM');
    expect([130, 143]).toContain(await exitCodeOf(run));
  });
});

describe('a pipe without a writer', () => {
  test.each([
    ['a plugin', 2, ['--plugin', './fifo.mjs', 'a.raw', 'b.raw']],
    ['the cache', 4, ['--cache', 'fifo.mjs', 'a.raw', 'b.raw']],
    ['a report', 2, ['-o', 'fifo.mjs', 'a.raw', 'b.raw']],
    ['a directory of backing files', 2, ['--allow-backing', 'fifo.mjs', 'a.raw', 'b.raw']],
  ])('is refused as %s', async (_, code, words) => {
    expect((await workplace.run(...words)).code).toBe(code);
  });

  test('is refused as the configuration file', async () => {
    await mkdir(workplace.path('configuration/virt-similarity'));
    await runTool('mkfifo', ['-m', '600', workplace.path('configuration/virt-similarity/config.json')]);
    const { code, stderr } = await workplace.run('--no-cache', 'a.raw', 'b.raw');
    expect([code, stderr]).toEqual([4, expect.stringContaining('it is not a regular file; replace it')]);
  });
});

/** Returns the exit code; if a signal ended the command, the exit code that shells report. */
async function exitCodeOf({ process: child, ended }: CommandRun): Promise<number> {
  const { code } = await ended;
  return code ?? 128 + constants.signals[child.signalCode!];
}

/** Waits until a thread of the command is in a call to the file system. */
async function blocked({ process: child }: CommandRun): Promise<void> {
  // If no thread is ever in such a call, the command ends.
  while (child.exitCode === null && !(await hung.hasWaiting(child.pid!))) {
    await new Promise(setImmediate);
  }
}
