import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type PluginCase, pluginContract } from '@virt-similarity/testing';

const TITLES = {
  import: 'can be imported repeatedly and in a thread, and prints nothing',
  export: 'is the default export, and has a name',
  url: 'has the URL of its module',
  thread: 'has the same parts in a thread',
  versions: 'states a semantic version and a range that includes this core',
  options: 'describes its options, with defaults that are valid',
  names: 'has parts that can be chosen by name',
  construction: 'has parts that are constructed the same way each time',
  extensions: 'has a unique file extension for each report',
  leftovers: 'leaves nothing running and no file open when its parts are constructed',
  behavior: 'has parts that behave the same in a thread as in the main thread',
};

/** Returns the code of a metric whose distance is the value of an expression. */
const metric = (distance = 'different') =>
  `{ unit: 'blocks', alignment: 'position', distance: ({ different }) => ${distance} }`;
const METRICS = `metrics: { one: ${metric()} }`;
const reporter = (extension: string, more = '') =>
  `{ extension: '${extension}', mediaType: 'text/plain', report: () => ['text\\n'], ${more} }`;
const hasher = (hash: string) => `{ digestLength: 4, hash(block, digest) { ${hash} } }`;
const SUM = 'const sum = block.reduce((total, byte) => total + byte, 0);';

/** Returns the code of a module whose plugin has these members besides a name and url. Code in `before` runs first. */
const plugin = (members: string, before = '') => `
  import { isMainThread, threadId, Worker } from 'node:worker_threads';
  import { openSync, writeSync } from 'node:fs';
  ${before}
  export default { name: 'sample', url: import.meta.url, ${members} };
`;

const VALID = plugin(
  `version: '1.2.3-beta.1', core: '>=0.1.0',
  options: { level: { type: 'number', min: 1, max: 9, default: 3, description: 'how much' } },
  readers: { one: { identify: async () => undefined, open: async () => { throw new Error('none'); } } },
  hashers: { one: { create: ({ options }) => (${hasher(`${SUM} digest.fill(sum * options.level);`)}) } },
  ${METRICS},
  clusterers: { one: { create: ({ part }) => part('clusterer', 'fast') } },
  reporters: { one: class { extension = '.one'; mediaType = 'text/plain'; *report({ images }) { yield images.length + '\\n'; } } },
  commands: { one: { summary: 'does nothing', run: () => 0 } }`,
);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'broken-plugins-'));
});
afterAll(() => rm(directory, { recursive: true }));

let modules = 0;
async function contractOf(source: string, given?: PluginCase, name = `${++modules}.mjs`) {
  const path = join(directory, name);
  await writeFile(path, source);
  return pluginContract(path, given);
}

async function expectFailure(title: string, tests: ReturnType<typeof pluginContract>): Promise<void> {
  const { run } = tests.find((each) => each.title === title)!;
  await expect(run()).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
}

const COMMON_JS = `
  Object.defineProperty(exports, '__esModule', { value: true });
  exports.default = { name: 'common', url: require('node:url').pathToFileURL(__filename).href, ${METRICS} };
`;

describe('the contract of plugins', () => {
  test('has exactly the tests that are covered here', async () => {
    expect((await contractOf(VALID)).map(({ title }) => title)).toEqual(Object.values(TITLES));
  });

  test.each([
    ['with a part of each kind', VALID, 'valid.mjs'],
    ["in TypeScript's output for CommonJS", COMMON_JS, 'common.cjs'],
  ])('is met by a plugin %s', async (_, source, file) => {
    for (const { run } of await contractOf(source, {}, file)) {
      await run();
    }
  });
});

const BROKEN: readonly (readonly [title: keyof typeof TITLES, fault: string, source: string, given?: PluginCase])[] = [
  ['import', 'whose module throws', plugin(METRICS, "throw new Error('out of order');")],
  ['import', 'whose module throws in a thread', plugin(METRICS, "if (!isMainThread) throw new Error('no thread');")],
  [
    'import',
    'whose module can run only once',
    plugin(METRICS, "Object.defineProperty(globalThis, 'contractTestsOnce', { value: {} });"),
  ],
  ['import', 'that ends the process', plugin(METRICS, 'if (process.send) process.exit(0);')],
  ['import', 'that prints when it is imported', plugin(METRICS, "console.log('ready');")],
  ['import', 'that prints errors when it is imported', plugin(METRICS, "console.error('deprecated');")],
  ['import', 'that writes directly to stdout', plugin(METRICS, "if (process.send) writeSync(1, 'ready');")],
  [
    'import',
    'that prints when a part is constructed',
    plugin(`metrics: { one: { create() { console.log('metric'); return ${metric()}; } } }`),
  ],

  ['export', 'that is not the default export', `export const plugin = { name: 'sample', ${METRICS} };`],
  [
    'export',
    'that is created by a function',
    plugin(METRICS).replace(/export default (.*);/, 'export default () => ($1);'),
  ],
  ['export', 'without a name', plugin(`${METRICS}, name: ''`)],
  ['export', 'with a name of two lines', plugin(`${METRICS}, name: 'two\\nlines'`)],
  ['export', 'with a name that --plugin-option does not accept', plugin(`${METRICS}, name: 'a=b'`)],
  ['export', 'with a misspelt kind', plugin(`${METRICS}, reporter: {}`)],
  ['export', 'without parts', plugin('')],
  ['export', 'with parts in a list', plugin(`metrics: [${metric()}]`)],
  ['export', 'with a part that is text', plugin("metrics: { one: './one.js' }")],

  ['url', 'without a url', plugin(`${METRICS}, url: undefined`)],
  ['url', 'with the url of another module', plugin(`${METRICS}, url: new URL('./valid.mjs', import.meta.url).href`)],
  ['url', 'with a path as its url', plugin(`${METRICS}, url: './index.js'`)],
  ['thread', 'with fewer parts in a thread', plugin(`${METRICS}, hashers: isMainThread ? { a: ${hasher('')} } : {}`)],
  ['thread', 'with more parts in a thread', plugin(`${METRICS}, readers: isMainThread ? {} : { raw: {} }`)],

  ['versions', 'with a version of two numbers', plugin(`${METRICS}, version: '1.0'`)],
  ['versions', 'that requires a later core', plugin(`${METRICS}, core: '>=99'`)],
  ['versions', 'that requires an earlier core', plugin(`${METRICS}, core: '<0.1.0'`)],
  ['versions', 'with an invalid range of cores', plugin(`${METRICS}, core: 'the latest'`)],

  ...(
    [
      ['with a default outside its range', "level: { type: 'number', max: 9, default: 10, description: 'x' }"],
      ['with a default of another type', "level: { type: 'number', default: '5', description: 'x' }"],
      [
        'with a default that is not an allowed value',
        "order: { type: 'enum', values: ['a', 'b'], default: 'c', description: 'x' }",
      ],
      ['with only one allowed value', "order: { type: 'enum', values: ['a'], description: 'x' }"],
      ['of an unknown type', "level: { type: 'integer', description: 'x' }"],
      ['with an empty range', "level: { type: 'number', min: 2, max: 1, description: 'x' }"],
      ['without a description', "level: { type: 'number' }"],
      ['that cannot be typed', "maxLevel: { type: 'number', description: 'x' }"],
      ['that reads as a negation', "'no-level': { type: 'boolean', description: 'x' }"],
      ['described on two lines', "level: { type: 'number', description: 'one\\ntwo' }"],
    ] as const
  ).map(
    ([fault, option]) => ['options', `with an option ${fault}`, plugin(`${METRICS}, options: { ${option} }`)] as const,
  ),
  [
    'options',
    'that receives an option with another name',
    plugin(`${METRICS}, options: { level: { type: 'number', description: 'x' } }`),
    { options: { levels: 1 } },
  ],

  ['names', 'with a command that cannot be typed', plugin("commands: { 'Do It': { summary: 'x', run: () => 0 } }")],
  ['names', 'with a source that cannot be named', plugin("sources: { 'a/b': { async *list() {} } }")],
  ['names', 'with a metric of two words', plugin(`metrics: { 'one two': ${metric()} }`)],
  ['names', 'with a metric that looks like an option', plugin(`metrics: { '-one': ${metric()} }`)],

  ['construction', 'whose constructor throws', plugin('metrics: { one: class { constructor() { throw 1; } } }')],
  ['construction', 'whose factory returns nothing', plugin('metrics: { one: { create() {} } }')],
  ['construction', 'whose factory is asynchronous', plugin(`metrics: { one: { create: async () => (${metric()}) } }`)],
  ['construction', 'with a part that lacks a method', plugin("metrics: { one: { unit: 'x', alignment: 'free' } }")],
  [
    'construction',
    'whose parts need a part that is not registered',
    plugin("metrics: { one: { create: ({ part }) => part('metric', 'none') } }"),
  ],
  [
    'construction',
    'whose parts need each other',
    plugin(
      `metrics: {
        one: { create: ({ part }) => part('metric', 'two') },
        two: { create: ({ part }) => part('metric', 'one') },
      }`,
    ),
  ],
  [
    'construction',
    'whose constructor has parameters that nothing injects',
    plugin(`metrics: { one: class { constructor(scale) { Object.assign(this, ${metric()}, { scale }); } } }`),
  ],
  [
    'construction',
    'that needs a replaced part, but replaces none',
    plugin('metrics: { one: { create: ({ replaced }) => replaced } }'),
  ],
  [
    'construction',
    'whose factory creates another part each time',
    plugin(`metrics: { one: { create: () => ({ ...(${metric()}), unit: 'unit ' + count++ }) } }`, 'let count = 0;'),
  ],

  [
    'extensions',
    'whose two reports have the same extension',
    plugin(`reporters: { a: ${reporter('.x')}, b: ${reporter('.x')} }`),
  ],
  [
    'extensions',
    'whose companion has the extension of another report',
    plugin(
      `reporters: { a: ${reporter('.x', "companion: { extension: '.y', report: () => [] }")}, b: ${reporter('.y')} }`,
    ),
  ],
  [
    'extensions',
    'whose report has the extension of a built-in reporter',
    plugin(`reporters: { a: ${reporter('.nwk')} }`),
    { beside: [import.meta.resolve('@virt-similarity/reporters')] },
  ],

  ['leftovers', 'that starts a timer', plugin(METRICS, 'setInterval(() => {}, 1000);')],
  [
    'leftovers',
    'whose part starts a thread',
    plugin(
      `metrics: { one: class { constructor() { Object.assign(this, ${metric()}); new Worker('setInterval(() => {}, 1000)', { eval: true }); } } }`,
    ),
  ],
  [
    'leftovers',
    'whose part opens a file',
    plugin(
      `metrics: { one: class { constructor() { Object.assign(this, ${metric()}); openSync(new URL(import.meta.url)); } } }`,
    ),
  ],

  ['behavior', 'whose distance depends on the thread', plugin(`metrics: { one: ${metric('different + threadId')} }`)],
  [
    'behavior',
    'whose metric depends on a variable that the reader sets',
    plugin(
      `readers: { one: class { constructor() { weight = 2; } identify() {} open() {} } }, metrics: { one: ${metric('different * weight')} }`,
      'let weight = 1;',
    ),
  ],
  [
    'behavior',
    'whose options are lost in a thread',
    plugin(
      `options: { salt: { type: 'number', default: 0, description: 'x' } },
      readers: { one: { create({ options }) { salt = options.salt; return { identify() {}, open() {} }; } } },
      hashers: { one: ${hasher(`${SUM} digest.fill(sum + salt);`)} }`,
      'let salt = 0;',
    ),
    { options: { salt: 7 } },
  ],
  [
    'behavior',
    'whose part works only in the main thread',
    plugin(`metrics: { one: ${metric("isMainThread ? different : (() => { throw new Error('no thread'); })()")} }`),
  ],
  [
    'behavior',
    'whose parts differ from those that its module exports',
    plugin(METRICS.replace('metrics', 'get metrics').replace(': {', '() { return {').replace(/\}$/, '}; }')),
  ],
  ['behavior', 'whose hasher is asynchronous', plugin(`hashers: { one: { digestLength: 4, async hash() {} } }`)],
  [
    'behavior',
    'whose digests depend on the thread',
    plugin(`hashers: { one: ${hasher(`${SUM} digest.fill(sum + seed);`)} }`, 'const seed = Math.random() * 255;'),
  ],
  [
    'behavior',
    'whose digests are longer in a thread',
    plugin('hashers: { one: { digestLength: isMainThread ? 4 : 8, hash: (block, digest) => digest.fill(block[0]) } }'),
  ],
  [
    'behavior',
    'whose part counts how often it is constructed',
    plugin(
      `metrics: { one: class { constructor() { const weight = ++count; Object.assign(this, ${metric('different * weight')}); } } }`,
      'let count = 0;',
    ),
  ],
  [
    'behavior',
    'whose clusterer returns no dendrogram',
    plugin("clusterers: { one: { linkages: ['single'], cluster: () => ({ merges: [] }) } }"),
  ],
  [
    'behavior',
    'whose report contains the time',
    plugin(
      "reporters: { one: { extension: '.x', mediaType: 'text/plain', report: () => [process.hrtime().join() + '\\n'] } }",
    ),
  ],
  [
    'behavior',
    'whose companion differs in a thread',
    plugin(`reporters: { a: ${reporter('.x', "companion: { extension: '.y', report: () => [threadId + '\\n'] }")} }`),
  ],
];

describe('a test of the contract of plugins', () => {
  test.each(BROKEN)('(%s) rejects a plugin %s', async (...[title, _, source, given]) => {
    await expectFailure(TITLES[title], await contractOf(source, given));
  });
});
