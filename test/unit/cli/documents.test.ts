import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { readCommandLine } from '#cli/arguments/read-command-line.js';
import { runTool } from '../../fixtures/run-tool.js';

/** The root of the repository. The path is relative to test/dist/unit/cli, where this file is compiled. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Returns the lines in code blocks that begin with the command, without redirections, pipelines and explanations. */
function commandLines(document: string): string[] {
  const blocks = [...document.matchAll(/^```\w*\n(.*?)^```/gms)].map(([, code]) => code!);
  const lines = blocks.flatMap((code) => code.match(/^(?:\$ )?virt-similarity .*$/gm) ?? []);
  return lines.map((line) => line.replace(/^\$ /, '').replace(/\s(?:[|>#&]|2>| {2}).*$/, ''));
}

/** Returns the words of a line as bash reads it, with wildcards as they are. */
async function wordsOf(line: string): Promise<string[]> {
  const { stdout } = await runTool('bash', ['-c', `set -f; printf '%s\\0' ${line.replace(/^virt-similarity /, '')}`]);
  return stdout.split('\0').slice(0, -1);
}

const DOCUMENTS = [
  'README.md',
  ...(await readdir(`${ROOT}docs`)).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ...(await readdir(`${ROOT}packages`)).map((name) => `packages/${name}/README.md`),
];
const LINES = (
  await Promise.all(
    DOCUMENTS.map(async (name) =>
      commandLines(await readFile(`${ROOT}${name}`, 'utf8')).map((line) => [name, line] as const),
    ),
  )
).flat();
// Loading a plugin needs its module; other tests run these lines. Other lines show which options and values there are,
// or would run a command when bash reads them.
const PARSED = LINES.filter(([, line]) => !/ --(?:plugin|config)\b| \[|…\]|\w\|\w|\$\(|`/.test(line));

test('documents show command lines', () => {
  expect(PARSED.length).toBeGreaterThan(60);
});

test.each(PARSED)('%s: the command accepts %s', async (_, line) => {
  const environment = { XDG_CONFIG_HOME: '/nonexistent' };
  const reading = readCommandLine(await wordsOf(line), ROOT, environment, new AbortController().signal, {
    note: () => {},
  });
  await expect(reading).resolves.toMatchObject({ kind: expect.stringMatching(/command|text/) });
});
