import type { ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runTool } from '../fixtures/run-tool.js';
import { type CommandRun, Workplace } from './command.js';
import { rawImage } from './sample-images.js';
import { SLOW, writeSlowPlugin } from './slow-plugin.js';
import { CTRL_C, startOnTerminal } from './terminal.js';
import { writeLargeVectors } from './vector-files.js';

/**
 * A plugin with parts that never answer: the reader `deaf`, whose images can be neither read nor closed, a metric and a
 * reporter. The reader `terminating` also sends SIGTERM to the command as soon as the command is interrupted.
 */
const DEAF_PLUGIN = `
const image = {
  virtualSize: 512,
  identity: { chain: [{ format: 'deaf', parts: [], volatile: true }] },
  async *extents() { yield { kind: 'data', start: 0, length: 512 }; },
  read() { process.stderr.write('waiting\\n'); return new Promise(() => {}); },
  close() { setInterval(() => {}, 1000); return new Promise(() => {}); },
};
class DeafReader {
  async identify() { return image.identity; }
  async open() { return image; }
}
class TerminatingReader extends DeafReader {
  async open(path, identity, { signal }) {
    // When the listener is called, the process has handled the first signal.
    signal.addEventListener('abort', () => {
      if (!TerminatingReader.hasSent) process.kill(process.pid, 'SIGTERM');
      TerminatingReader.hasSent = true;
    });
    return image;
  }
}
const loop = () => {
  process._rawDebug('waiting');
  for (;;);
};
class DeafMetric { unit = 'none'; alignment = 'position'; distance = loop; }
class DeafReporter { extension = '.deaf'; mediaType = 'text/plain'; report = loop; }
export default { name: 'deaf', readers: { deaf: DeafReader, terminating: TerminatingReader }, metrics: { deaf: DeafMetric }, reporters: { deaf: DeafReporter } };
`;

const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;

let workplace: Workplace;
let vectors: string[];
let before: string[];

beforeAll(async () => {
  workplace = await Workplace.make();
  // A run can only end by the signal, because hashing never ends.
  await writeSlowPlugin(workplace, Number.POSITIVE_INFINITY);
  await workplace.write('a.raw', rawImage(...Array.from({ length: 16 }, () => 1)));
  await workplace.write('b.raw', rawImage(...Array.from({ length: 16 }, () => 2)));
  await workplace.write('deaf.mjs', DEAF_PLUGIN);
  await workplace.write('loop.mjs', "process._rawDebug('waiting'); for (;;);");
  for (const name of ['a', 'b']) {
    // All clusters are compressed, so that the image is read through a server.
    const convert = ['convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized'];
    await runTool('qemu-img', [...convert, workplace.path(`${name}.raw`), workplace.path(`${name}.vmdk`)]);
  }
  vectors = await writeLargeVectors(workplace);
});

beforeEach(async () => {
  before = await readdir(workplace.directory);
});

afterEach(async () => {
  // A failed test can leave processes running.
  for (const { id } of await processesOf(workplace)) {
    process.kill(id, 'SIGKILL');
  }
});

afterAll(() => workplace.remove());

describe('an interrupted run', () => {
  test.each(SIGNALS)('that hashes ends by %s, with %d', async (signal, exitCode) => {
    const run = workplace.start([...SLOW, '-o', 'tree.nwk', 'a.raw', 'b.raw']);
    await stderrContains(run.process, 'hashing', 2);
    await expectEnd(run, signal, exitCode);
  });

  test.each(SIGNALS)('that reads through qemu-nbd ends by %s, with %d', async (signal, exitCode) => {
    const run = workplace.start([...SLOW, '-o', 'tree.nwk', 'a.vmdk', 'b.vmdk']);
    await stderrContains(run.process, 'hashing', 2);
    await serversRun();
    expect(await readdir(workplace.temporary)).toHaveLength(2);
    await expectEnd(run, signal, exitCode);
  });

  test.each(SIGNALS)('that compares ends by %s, with %d', async (signal, exitCode) => {
    const run = workplace.start([...SLOW, '--jobs', '1', '-o', 'tree.nwk', ...vectors]);
    await stderrContains(run.process, 'read as a hash vector', vectors.length);
    await expectEnd(run, signal, exitCode);
  });

  test.each([
    ['hashes', 'hashing', () => ['a.raw', 'b.raw']],
    ['reads through qemu-nbd', 'hashing', () => ['a.vmdk', 'b.vmdk']],
    ['compares', 'comparing', () => ['--jobs', '1', ...vectors]],
  ])('that %s ends by Ctrl-C', async (_, word, images) => {
    const run = startOnTerminal(workplace, [...SLOW, ...images()]);
    await run.shows(word);
    run.process.stdin?.write(CTRL_C);
    expect(await run.ended).toBe(130);
    expect(run.shown()).toMatch(/virt-similarity: error: interrupted\r\n$/);
    await expectNothingLeft();
  });

  test.each(SIGNALS)(
    'that waits for a reader that ignores the signal ends by %s, with %d',
    async (signal, exitCode) => {
      const { process: child, ended } = workplace.start([
        '--plugin',
        './deaf.mjs',
        '--reader',
        'deaf',
        'a.raw',
        'b.raw',
      ]);
      await stderrContains(child, 'waiting', 1);
      child.kill(signal);
      expect((await ended).code).toBe(exitCode);
    },
  );

  test.each([
    ['a metric', ['--metric', 'deaf']],
    ['a reporter', ['-O', 'deaf']],
    ['the module of a plugin', ['--plugin', './loop.mjs']],
  ])('that waits for %s that never finishes ends by SIGINT', async (_, words) => {
    const run = workplace.start([
      '--plugin',
      './deaf.mjs',
      ...words,
      '--no-cache',
      '--plugin-timeout=0',
      'a.raw',
      'b.raw',
    ]);
    await stderrContains(run.process, 'waiting', 1);
    await expectEnd(run, 'SIGINT', 130);
  });

  test('ends at once at the second signal', async () => {
    const words = ['--plugin', './deaf.mjs', '--reader', 'terminating', 'a.raw', 'b.raw'];
    const { process: child, ended } = workplace.start(words);
    await stderrContains(child, 'waiting', 1);
    child.kill('SIGINT');
    expect((await ended).code).toBe(143);
  });
});

/** Waits until two servers run, one for each image. */
async function serversRun(): Promise<void> {
  while ((await processesOf(workplace)).filter(({ line }) => /^\S*qemu-nbd /.test(line)).length < 2) {
    await sleep(10);
  }
}

async function expectEnd(
  { process: child, ended }: CommandRun,
  signal: NodeJS.Signals,
  exitCode: number,
): Promise<void> {
  expect(child.exitCode).toBeNull();
  child.kill(signal);
  const { code, stdout, stderr } = await ended;
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
  expect(stderr).toMatch(/^virt-similarity: error: interrupted\n$/m);
  await expectNothingLeft();
}

/** Expects that the run has left no process, temporary file, report or cache entry. */
async function expectNothingLeft(): Promise<void> {
  expect(await processesOf(workplace)).toEqual([]);
  expect(await readdir(workplace.temporary)).toEqual([]);
  expect((await readdir(workplace.directory)).filter((name) => name !== 'similarity-cache')).toEqual(before);
  expect(await readdir(workplace.path('similarity-cache')).catch(() => [])).toEqual([]);
}

/**
 * Returns all processes that were started in the workplace, and their command lines. A process is recognised by a path
 * of the workplace in its environment or command line. Tools get only a few variables, but TMPDIR is one of them.
 */
async function processesOf({
  directory,
  temporary,
}: Workplace): Promise<{ readonly id: number; readonly line: string }[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const processes = await Promise.all(
    ids.map(async (id) => {
      const read = (name: string) => readFile(`/proc/${id}/${name}`, 'latin1').catch(() => '');
      const [environment, line] = await Promise.all([read('environ'), read('cmdline')]);
      return {
        id,
        line: line.replaceAll('\0', ' '),
        isOurs: [directory, temporary].some((path) => `${environment}${line}`.includes(path)),
      };
    }),
  );
  return processes.flatMap(({ id, line, isOurs }) => (isOurs ? { id, line } : []));
}

/** Waits until the command has written the text to stderr this many times. */
function stderrContains(child: ChildProcess, text: string, times: number): Promise<void> {
  let all = '';
  return new Promise((resolve) => {
    child.stderr?.on('data', (piece: string) => {
      all += piece;
      if (all.split(text).length > times) {
        resolve();
      }
    });
  });
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
