import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type TestServer, withNbdServer } from '../fixtures/nbd-server.js';
import { type CommandRun, Workplace } from './command.js';
import { rawImage } from './sample-images.js';

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
  await workplace.write('a.raw', rawImage(1, 2, 3, 4));
  await workplace.write('b.raw', rawImage(1, 2, 3, 5));
});

afterAll(() => workplace.remove());

/** Calls `use` while an NBD server runs that never answers reads of its disk. */
async function withStalledServer<T>(use: (uri: string, server: TestServer) => Promise<T>): Promise<T> {
  // In a new directory, because a server that was killed leaves its socket.
  const path = join(await mkdtemp(join(workplace.temporary, 'nbd-')), 'socket');
  const words = ['--foreground', '--unix', path, '--filter=delay', 'pattern', '1M', 'rdelay=100000'];
  return withNbdServer(['nbdkit', ...words], { path }, (server) => use(`nbd+unix:///?socket=${path}`, server));
}

/** Resolves once the command reports that it hashes an image. */
function reads({ process }: CommandRun): Promise<void> {
  return new Promise((resolve) => {
    process.stderr?.on('data', (text: string) => {
      if (text.includes('hashing ')) {
        resolve();
      }
    });
  });
}

describe('an export of an NBD server', () => {
  test('is compared with files', async () => {
    const path = join(workplace.temporary, 'server');
    const words = ['--foreground', '--unix', path, 'file', workplace.path('a.raw')];
    await withNbdServer(['nbdkit', ...words], { path }, async () => {
      const uri = `nbd+unix:///?socket=${path}`;
      const { code, stdout } = await workplace.run('-O', 'json', 'a.raw', 'b.raw', uri);
      expect(code).toBe(0);
      expect(JSON.parse(stdout).distances).toEqual([1, 0, 1]);
    });
  });

  test('whose server is killed while it is read results in exit code 5', async () => {
    await withStalledServer(async (uri, { child }) => {
      const run = workplace.start(['hash', uri]);
      await reads(run);
      child.kill('SIGKILL');
      expect(await run.ended).toMatchObject({ code: 5, stderr: expect.stringContaining('the NBD server is gone') });
    });
  });

  test('whose server stalls can be interrupted', async () => {
    await withStalledServer(async (uri) => {
      const run = workplace.start(['hash', uri]);
      await reads(run);
      run.process.kill('SIGINT');
      expect(await run.ended).toMatchObject({ code: 130 });
    });
  });

  test.each([
    [['nbd://'], /found no host$/],
    [['nbd://localhost/x', '--format', 'qcow2', 'nbd://localhost/y'], /--format raw, and let the server decode qcow2$/],
  ])('with a wrong name results in exit code 2: %j', async (words, message) => {
    const { code, stderr } = await workplace.run('hash', ...words);
    expect({ code, stderr: stderr.trim() }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
  });
});
