import { describe, expect, jest, test } from '@jest/globals';
import type { FaultCase } from '../../faults/fault-case.js';
import { FaultReport } from '../../faults/report.js';
import { type CaseOutcome, runCase } from '../../faults/run-case.js';
import type { Stage } from '../../faults/stage.js';

/** Returns a statement that prints the report of a correct command on the good images and an image `x` that fails. */
const reporting = (code: string) => `console.log(JSON.stringify({
  images: [{ path: 'good/good-1.raw' }, { path: 'good/good-2.raw' }],
  failures: [{ path: 'x', code: '${code}' }],
  distances: [1],
}));`;
const REFUSAL = `console.error('virt-similarity: error: refused');`;

/** Returns a command that runs a script with Node.js instead of the real command. */
function commandOf(script: string): readonly string[] {
  return [process.execPath, '-e', script];
}

/** Seconds after which a command counts as hung: enough for a command that ends, even on a busy machine. */
const SECONDS = 120;
/** The limit in seconds for commands that hang, so that the test does not wait long. */
const FEW_SECONDS = 2;

/** Returns a case that expects one error line and exit code 4. */
function sampleCase(
  build: (stage: Stage) => Promise<string>,
  overrides: Partial<FaultCase> = {},
  seconds = SECONDS,
): FaultCase {
  return {
    number: 1,
    title: 'a sample',
    readers: ['auto'],
    exit: 4,
    build: async (stage) => {
      const path = await build(stage);
      return { commands: [{ words: [path], seconds }] };
    },
    ...overrides,
  };
}

/** Runs a script as the command of a case with a secret file. The file's path is the script's argument. */
function tried(script: string, seconds = SECONDS): Promise<CaseOutcome> {
  const fault = sampleCase((stage) => stage.secret('secret'), {}, seconds);
  return runCase(fault, 'auto', commandOf(script));
}

const refusing = (action: string) => `const path = process.argv[1]; ${action}; ${REFUSAL} process.exitCode = 4;`;

describe('the harness of the fault cases', () => {
  test('finds no violation in a command that only refuses', async () => {
    expect((await tried(refusing(''))).violations).toEqual([]);
  });

  test.each([
    ['another exit code', `${REFUSAL} process.exitCode = 5`, 'exit'],
    ['an exit without a message', 'process.exitCode = 4', 'error'],
    ['a second error line', refusing(REFUSAL), 'error'],
    ['a stack trace', refusing(`console.error('    at main (file.js:1:1)')`), 'trace'],
    ['a secret on stdout', refusing(`console.log(require('fs').readFileSync(path, 'utf8'))`), 'canary leaks'],
    ['a secret in the cache', refusing(`require('fs').copyFileSync(path, 'leak')`), 'canary leaks'],
    [
      "a secret's digest in a report",
      refusing(
        `require('fs').writeFileSync('out/leak', require('crypto').hash('sha256', require('fs').readFileSync(path).subarray(0, 65536), 'hex'))`,
      ),
      'canary leaks',
    ],
    ['a changed input', refusing(`require('fs').appendFileSync(path, 'x')`), 'input'],
    ['a new file beside the inputs', refusing(`require('fs').writeFileSync(path + '.new', '')`), 'input'],
    ['a temporary file left', refusing(`require('fs').writeFileSync(process.env.TMPDIR + '/left', '')`), 'leftovers'],
    ['a socket left', refusing(`require('fs').writeFileSync(process.env.XDG_RUNTIME_DIR + '/left', '')`), 'leftovers'],
    ['an unfinished file left', refusing(`require('fs').writeFileSync('out/.virt-similarity-0.tmp', '')`), 'leftovers'],
    [
      'a child that outlives the command',
      refusing(`require('child_process').spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).unref()`),
      'orphans',
    ],
    [
      'a grandchild in another session',
      refusing(`require('child_process').spawnSync('sh', ['-c', 'setsid sleep 60 >/dev/null 2>&1 &'])`),
      'orphans',
    ],
    [
      'a bad entry in the cache',
      refusing(
        `require('fs').mkdirSync('similarity-cache', { mode: 0o700 }); require('fs').writeFileSync('similarity-cache/' + 'a'.repeat(32) + '.' + 'b'.repeat(64) + '.arrow', 'x')`,
      ),
      'cache',
    ],
    [
      'a file that is not an output',
      refusing(`require('fs').writeFileSync(process.env.HOME + '/new', '')`),
      'foreign writes',
    ],
    ['an output that was not requested', refusing(`require('fs').writeFileSync('out/tree.txt', '')`), 'foreign writes'],
    [
      'an input replaced by an equal file',
      refusing(`require('fs').copyFileSync(path, path + '.new'); require('fs').renameSync(path + '.new', path)`),
      'foreign writes',
    ],
    ['a link beside the inputs', refusing(`require('fs').symlinkSync('good/good-1.raw', 'link')`), 'foreign writes'],
    ['much memory', refusing('globalThis.held = Buffer.alloc(1100 * 1024 ** 2, 1)'), 'memory'],
  ] as const)('reports %s', async (_, script, kind) => {
    const { violations } = await tried(script);
    expect(violations.map((violation) => violation.kind)).toContain(kind);
  });

  test.each([
    ['a hang', 'setInterval(() => {}, 1000)'],
    ['a hang that ignores signals', `process.on('SIGTERM', () => {}); for (;;);`],
  ])('reports %s', async (_, script) => {
    const { violations } = await tried(script, FEW_SECONDS);
    expect(violations.map(({ kind }) => kind)).toContain('hangs');
  });

  test('reports a connection to a server that an image names', async () => {
    const fault = sampleCase(async (stage) => String((await stage.server()).port));
    const call = refusing(`require('net').connect(Number(path), '127.0.0.1').on('error', () => {})`);
    const { violations } = await runCase(fault, 'auto', commandOf(call));
    expect(violations).toContainEqual({ kind: 'external calls', what: '1 connections to a server' });
  });

  test('reports an attempt to connect to a closed port, also by a child', async () => {
    const call = `require('net').connect(1, '127.0.0.1').on('error', () => {})`;
    const child = `require('child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(call)}])`;
    for (const action of [call, child]) {
      const { violations } = await tried(refusing(action));
      expect(violations).toEqual([{ kind: 'external calls', what: expect.stringContaining('127.0.0.1') }]);
    }
  });

  test('reports a run that exceeds the baseline by more than its limit', async () => {
    const fault = sampleCase(async () => 'x', {
      // A negative limit, which every run exceeds, however busy the machine is.
      build: async () => ({ commands: [{ words: ['late'], within: -3600 }] }),
    });
    const { violations } = await runCase(
      fault,
      'auto',
      commandOf(`if (process.argv[1] === 'late') ${REFUSAL} process.exitCode = 4`),
    );
    expect(violations.map(({ kind }) => kind)).toEqual(['hangs']);
  });

  describe('in a run with the good images', () => {
    const fault = sampleCase(async () => 'x', { build: async (stage) => stage.trial(['x']) });
    /** Returns a command that refuses an image, and runs the script if the good images are named too. */
    const withGoodImages = (script: string) =>
      commandOf(
        `${REFUSAL} process.exitCode = process.argv[1] === 'hash' ? 4 : 3; if (process.argv[1] !== 'hash') { ${script} }`,
      );

    test('reports that these images are missing from the report', async () => {
      expect((await runCase(fault, 'auto', withGoodImages(''))).violations.map(({ kind }) => kind)).toEqual(['report']);
      expect((await runCase(fault, 'auto', withGoodImages(reporting('refused')))).violations).toEqual([]);
    });

    test('reports that the refused image fails with another code', async () => {
      const { violations } = await runCase(fault, 'auto', withGoodImages(reporting('corrupt')));
      expect(violations).toEqual([{ kind: 'exit', what: 'expected a code of exit 4 for x, found corrupt' }]);
    });

    test('reports that the cache contains an image that failed', async () => {
      const part = `{ kind: 'file', path: 'x', device: 1n, inode: 1n, size: 1n, mtimeNs: 1n, ctimeNs: 1n }`;
      const identity = `identity: { chain: [{ format: 'raw', parts: [${part}] }] }`;
      const made = `algorithm: 'sha256', hasherVersion: '1', digestLength: 32`;
      const header = `{ name: 'x', ${made}, blockSize: 512, virtualSize: 512, ${identity} }`;
      const store = `import(${JSON.stringify(import.meta.resolve('@virt-similarity/core'))}).then(
        ({ HashVectorCache, hashVectorOf }) => new HashVectorCache('similarity-cache').store(
          hashVectorOf(${header}, Uint32Array.of(0), new Uint8Array(32))));`;
      const { violations } = await runCase(fault, 'auto', withGoodImages(`${reporting('refused')} ${store}`));
      expect(violations).toEqual([{ kind: 'cache', what: 'x, which failed, is in the cache' }]);
    });
  });

  test('reports no outputs that the command line names or the case declares', async () => {
    const outputs = ['out/tree.nwk', 'out/tree.names.tsv', 'vectors/disk.arrow'];
    const action = `const fs = require('fs'); fs.mkdirSync('vectors', { recursive: true });
      for (const path of ${JSON.stringify(outputs)}) if (process.argv.includes(path)) fs.writeFileSync(path, '');`;
    const fault = sampleCase(async () => 'x', {
      build: async (stage) => ({
        commands: [
          { words: ['analyze', '-o', 'out/tree.nwk', 'out/tree.names.tsv'] },
          { words: ['hash', '-o', 'vectors/', 'vectors/disk.arrow'] },
        ],
        writes: [`${stage.work}/vectors`],
      }),
    });
    expect((await runCase(fault, 'auto', commandOf(refusing(action)))).violations).toEqual([]);
    const undeclared = { ...fault, build: async (stage: Stage) => ({ ...(await fault.build(stage)), writes: [] }) };
    const { violations } = await runCase(undeclared, 'auto', commandOf(refusing(action)));
    expect(violations).toEqual([{ kind: 'foreign writes', what: expect.stringMatching(/^created .*\/vectors$/) }]);
  });

  test('reports an input that cannot be built', async () => {
    const fault = sampleCase(() => Promise.reject(new Error('no such tool')));
    const outcome = await runCase(fault, 'auto', commandOf(''));
    expect(outcome.violations).toEqual([{ kind: 'build', what: 'no such tool' }]);
  });

  test('prints a line for each case, and returns totals', async () => {
    const log = jest.spyOn(console, 'log').mockImplementation(() => {});
    const report = new FaultReport();
    report.add(await tried(refusing('')));
    report.add(await tried('setInterval(() => {}, 1000)', FEW_SECONDS));
    const printed = log.mock.calls.flat();
    log.mockRestore();
    expect(printed[0]).toMatch(/^ {3}1 {2}a sample +auto +4 +\d+ ms {2}ok$/);
    expect(printed.at(-1)).toMatch(/^ {3}1 {2}a sample +auto +-1 +\d+ ms {2}FAIL: 1 hangs$/);
    expect(report.isClean).toBe(false);
    expect(report.totals(60)).toBe(
      '0 of 60 cases passed, 1 run\n' +
        '1 passed, 1 failed, 0 canary leaks, 0 external calls, 1 hangs, 0 orphans, 0 leftovers, 0 foreign writes',
    );
  });
});
