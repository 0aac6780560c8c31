import { mkdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { COMMAND } from '../fixtures/command.js';
import { type Ended, Workplace } from './command.js';

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
  await mkdir(workplace.path('day 1/web'), { recursive: true });
  await mkdir(workplace.path('day 2/web'), { recursive: true });
  const names = ['day 1/web/disk.raw', 'day 2/web/disk.raw', 'day 2/line\nfeed.raw', 'golden.raw'];
  for (const [index, name] of names.entries()) {
    await workplace.write(name, new Uint8Array(65_536).fill(index + 1));
  }
});

afterAll(() => workplace.remove());

describe('the images of a run', () => {
  test('are named on standard input by find, also if names contain line feeds', async () => {
    const find = "find . -name '*.raw' -print0 | sort -z";
    const { code, stdout } = await shell(`${find} | "$@" --null --exclude 'golden*' -O json -`);
    expect(code).toBe(0);
    expect(namesIn(stdout)).toEqual(['day 1/web/disk.raw', 'line\nfeed.raw', 'day 2/web/disk.raw']);
  });

  test('are named by a list in a file and on the command line, in order', async () => {
    await workplace.write('list', 'golden.raw\n\nday 2/web/disk.raw\n');
    const { code, stdout } = await workplace.run('--no-cache', '-O', 'json', 'day 1/web', '--files-from', 'list');
    expect(code).toBe(0);
    expect(namesIn(stdout)).toEqual(['day 1/web/disk.raw', 'golden.raw', 'day 2/web/disk.raw']);
  });

  test('are found in subdirectories, and distinguished by the shortest path', async () => {
    const { code, stdout, stderr } = await workplace.run('--no-cache', '-r', '.', '-O', 'json', '--exclude', 'lin*');
    expect(code).toBe(0);
    expect(namesIn(stdout)).toEqual(['golden.raw', 'day 1/web/disk.raw', 'day 2/web/disk.raw']);
    expect(stderr).toContain('warning: left out of .: ');
    expect(stderr).toContain('1 excluded entry');
  });

  test('must be named by a list, which contains no NUL without --null', async () => {
    expect(await shell('"$@" - </dev/null')).toMatchObject({
      code: 2,
      stderr: 'virt-similarity: error: standard input names no image; write one name on each line\n',
    });
    expect(await shell('find . -print0 | "$@" -')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('found NUL; add --null if its names end with NUL'),
    });
  });
});

/** Runs a line of shell, in which `"$@"` is the command. */
function shell(line: string): Promise<Ended> {
  return workplace.startBy('sh', ['-c', line, 'sh', ...COMMAND, '--no-cache']).ended;
}

function namesIn(report: string): string[] {
  return (JSON.parse(report) as { readonly images: readonly { readonly name: string }[] }).images.map(
    ({ name }) => name,
  );
}
