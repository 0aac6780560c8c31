import { expect, test } from '@jest/globals';
import { limitingWords } from '#image-tools/processes/tool-limits.js';
import { runTool } from '../../../fixtures/run-tool.js';

const MODULE = new URL('../../../../../packages/image-tools/dist/processes/tool-limits.js', import.meta.url).href;

test('the words before a program set the given limits, and the defaults of the other limits', async () => {
  const words = await limitingWords({ cpuSeconds: 7, openFiles: 11 });
  expect(words.slice(1)).toEqual(['--core=1', `--as=${4 * 2 ** 30}`, '--cpu=7', '--nofile=11', '--']);
});

test('the limits of a program do not exceed those of this process', async () => {
  const script = `import(${JSON.stringify(MODULE)}).then(async ({ limitingWords }) => {
    const [prlimit, ...words] = await limitingWords();
    const program = ['sh', '-c', 'ulimit -Ht; ulimit -Hn'];
    require('node:child_process').spawnSync(prlimit, [...words, ...program], { stdio: 'inherit' });
  })`;
  const limited = ['--nofile=300:300', '--cpu=100:100', '--', process.execPath, '-e', script];
  expect(await runTool('prlimit', limited)).toMatchObject({ stdout: '100\n300\n', stderr: '' });
});
