import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { limitingWords } from '#readers/processes/tool-limits.js';

const MODULE = new URL('../../../../../packages/readers/dist/processes/tool-limits.js', import.meta.url);

test('a program gets the limits that it is to have', async () => {
  const words = await limitingWords({ cpuSeconds: 7, openFiles: 11 });
  expect(words.slice(1)).toEqual(['--core=0', `--as=${4 * 2 ** 30}`, '--cpu=7', '--nofile=11', '--']);
});

test('a program gets no more than this process may have itself', () => {
  const script = `import(${JSON.stringify(fileURLToPath(MODULE))}).then(async ({ limitingWords }) => {
    const words = [...await limitingWords(), 'sh', '-c', 'ulimit -Ht; ulimit -Hn'];
    const { stdout, stderr } = require('node:child_process').spawnSync(words[0], words.slice(1), { encoding: 'utf8' });
    process.stdout.write(stdout + stderr);
  })`;
  const limited = ['--nofile=300:300', '--cpu=100:100', '--', process.execPath, '-e', script];
  expect(spawnSync('prlimit', limited, { encoding: 'utf8' })).toMatchObject({ stdout: '100\n300\n', stderr: '' });
});
